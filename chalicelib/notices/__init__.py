"""Notices: the texts that people were shown, version by version, kept as they were for ever."""
