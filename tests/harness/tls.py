"""A temporary TLS authority and certificates from it, made with the openssl program."""
import os
import pathlib
import subprocess


class Authority:
    """Lives in `folder`; `ca_file` is what a client has to trust. `environment` is added to that of openssl."""

    def __init__(self, folder, days=2, environment=None):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.ca_file = self.folder / "ca.pem"
        self._days, self._environment = days, {**os.environ, **(environment or {})}
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", str(days),
                      "-subj", "/CN=Switchhook test authority", "-keyout", "ca.key", "-out", "ca.pem")

    def _openssl(self, *args):
        subprocess.run(["openssl", *args], cwd=self.folder, env=self._environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def certificate(self, name="localhost", alternatives="DNS:localhost,IP:127.0.0.1,IP:::1", days=None):
        """(certificate file, key file) of a server."""
        stem = name.replace("*", "_")
        (self.folder / f"{stem}.ext").write_text(f"subjectAltName={alternatives}\n", encoding="ascii")
        self._openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", f"/CN={name}",
                      "-keyout", f"{stem}.key", "-out", f"{stem}.csr")
        self._openssl("x509", "-req", "-in", f"{stem}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days",
                      str(self._days if days is None else days), "-extfile", f"{stem}.ext", "-out", f"{stem}.pem")
        return self.folder / f"{stem}.pem", self.folder / f"{stem}.key"
