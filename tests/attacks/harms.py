"""What a disk or a stranger does to a file."""


def flip(file):
    """Change a byte deep inside, where no reader looks before it reads all."""
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0xFF
    file.write_bytes(content)


def cut(file):
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def remove(file):
    file.unlink()
