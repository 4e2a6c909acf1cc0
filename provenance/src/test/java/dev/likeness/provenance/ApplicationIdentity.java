package dev.likeness.provenance;

import dev.likeness.provenance.TestAuthority.Profile;
import dev.likeness.provenance.signing.SigningIdentity;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.openssl.jcajce.JcaPKCS8Generator;

/** A certificate of an application's own, written as PEM files and read back. */
public final class ApplicationIdentity {
  private ApplicationIdentity() {}

  public static SigningIdentity make(Path folder, String keys, String organisation)
      throws IOException {
    return make(folder, keys, organisation, Profile.signer(organisation));
  }

  public static SigningIdentity make(Path folder, String keys, String organisation, Profile profile)
      throws IOException {
    Files.createDirectories(folder);
    TestAuthority root = TestAuthority.root(keys, Profile.authority(organisation, 0));
    TestAuthority signer = root.issue(profile);
    Path key = folder.resolve("key.pem");
    Path chain = folder.resolve("chain.pem");
    write(key, new JcaPKCS8Generator(signer.keys().getPrivate(), null));
    write(chain, signer.certificate(), root.certificate());
    return SigningIdentity.open(key, chain);
  }

  private static void write(Path file, Object... entries) throws IOException {
    try (Writer out = Files.newBufferedWriter(file);
        JcaPEMWriter pem = new JcaPEMWriter(out)) {
      for (Object entry : entries) {
        pem.writeObject(entry);
      }
    }
  }
}
