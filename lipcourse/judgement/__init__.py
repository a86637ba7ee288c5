"""The page that shows how good generated videos are: what `lipcourse evaluate` writes."""
