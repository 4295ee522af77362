"""Why somebody can or cannot do something, who can, what a change does, who differs from whom.

`explain` answers for one subject on one path, `whocan` for everybody on one path, `whatif` for
everybody before and after a change, `compare` for two subjects everywhere. All of them are pure,
and none of them knows more than the picture they are asked about.
"""
