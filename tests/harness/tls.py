"""A temporary TLS authority and certificates from it, made with the openssl program."""
import pathlib
import subprocess


def _openssl(*args, cwd):
    subprocess.run(["openssl", *args], cwd=cwd, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


class Authority:
    """Lives in `folder`; `ca_file` is what a client has to trust."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.ca_file = self.folder / "ca.pem"
        _openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                 "-subj", "/CN=Switchhook test authority", "-keyout", "ca.key", "-out", "ca.pem", cwd=self.folder)

    def certificate(self, name="localhost", alternatives="DNS:localhost,IP:127.0.0.1,IP:::1", days=2):
        """(certificate file, key file) of a server."""
        stem = name.replace("*", "_")
        (self.folder / f"{stem}.ext").write_text(f"subjectAltName={alternatives}\n", encoding="ascii")
        _openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", f"/CN={name}",
                 "-keyout", f"{stem}.key", "-out", f"{stem}.csr", cwd=self.folder)
        _openssl("x509", "-req", "-in", f"{stem}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days",
                 str(days), "-extfile", f"{stem}.ext", "-out", f"{stem}.pem", cwd=self.folder)
        return self.folder / f"{stem}.pem", self.folder / f"{stem}.key"
