"""What somebody may want of PVE, as functions from a picture to the calls that do it.

A factory takes what is wanted and gives an `Intent` (`core.plan`). The intent looks at the picture
it is given, and raises UsageError for a name or value that makes no sense there, Refused for
what PVE would refuse or what is so already.
"""
