package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.material.NamedPipe;
import dev.likeness.provenance.Disclosure;
import dev.likeness.provenance.signing.SigningIdentity;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VerifyCommandTest {
  private static final String MODEL =
      "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia";

  /** A certificate of an RSA key of 1024 bits. */
  private static final String SHORT_KEY =
      "MIICKDCCAZGgAwIBAgIUQYP+7OfEl7XdrHZATC0D62xBo8swDQYJKoZIhvcNAQELBQAwFDESMBAGA1UE"
          + "CgwJU2hvcnQga2V5MCAXDTI2MTEyOTAwMTIyMloYDzIwODEwOTAxMDAxMjIyWjAUMRIwEAYDVQQKDAlT"
          + "aG9ydCBrZXkwgZ8wDQYJKoZIhvcNAQEBBQADgY0AMIGJAoGBALRX4NTasLLSnWdPEZxvomy8bsmQU6Ln"
          + "5uhasYL0YfPYhKvG4Sf11wq3D+KM1WxieFJSs4nZLtJZsyBVgOVO6UhNK8G1jz8TmIVqw+ASZHYska6+"
          + "dUBdOU417F+aUKZL6YikVyk6wyHuyn5FrFEGdI27pLllaT1yqrwpCh42ZokLAgMBAAGjdTBzMB0GA1Ud"
          + "DgQWBBTK2ChRJD5pJIZ5/HZJ5P79TytXDDAfBgNVHSMEGDAWgBTK2ChRJD5pJIZ5/HZJ5P79TytXDDAT"
          + "BgNVHSUEDDAKBggrBgEFBQcDBDAMBgNVHRMBAf8EAjAAMA4GA1UdDwEB/wQEAwIHgDANBgkqhkiG9w0B"
          + "AQsFAAOBgQBIPaNWlsbxRltyNR2iRswihjjKbqvtyHdC/SBTz9x/IO5PCsaraDPaT3TiyK3X+EGCU0nP"
          + "Kzq85RdrYjNgqWFiBEqVQ46sWJg00zl+BGkLtQwBDZ7aqY3Sskw6+0ZOimbI4JuMIx7XBziUEXbZ+p0r"
          + "WYGxatGNRzU7hxTZFAb1Sg==";

  @TempDir
  private Path folder;

  private Path signed;

  @BeforeEach
  void sign() {
    signed = folder.resolve("signed.png");
    Disclosure.standard().writePng(RgbImage.of(16, 16, new byte[16 * 16 * 3]), signed);
  }

  @Test
  void refusesPipesAtOnce() {
    for (String name : List.of("pipe.png", "pipe.json", "pipe.pem")) {
      Path pipe = NamedPipe.make(folder.resolve(name));
      CommandResult run = Assertions.assertTimeoutPreemptively(
          Duration.ofSeconds(60),
          () -> name.endsWith("pem")
              ? CommandResult.of("verify", signed.toString(), "--trust", pipe.toString())
              : CommandResult.of("verify", pipe.toString()));
      assertEquals(3, run.status(), run.err());
      assertEquals(1, run.err().lines().count(), run.err());
      assertTrue(run.err().contains(pipe.toString()), run.err());
    }
  }

  @Test
  void reportsTheProvenanceOfAnImage() throws IOException {
    CommandResult run = CommandResult.of("verify", signed.toString());
    assertEquals(0, run.status(), run.err());
    assertTrue(
        run.out().contains("manifest     unchanged, from a signer that no trust anchor confirms"),
        run.out());
    Map<String, Object> found = JSON.std.mapFrom(
        CommandResult.of("inspect", "--json", signed.toString()).out());
    assertEquals(
        "image png true false",
        found.get("kind") + " " + found.get("format") + " " + found.get("disclosed") + " "
            + found.get("altered"));
    assertEquals(MODEL, found.get("digital_source_type"));
  }

  @Test
  void endsWithThreeOnAnAlteredImage() throws IOException {
    byte[] bytes = Files.readAllBytes(signed);
    bytes[bytes.length - 20] ^= 1;
    Files.write(signed, bytes);
    CommandResult run = CommandResult.of("verify", signed.toString());
    assertEquals(3, run.status());
    assertEquals(
        List.of(signed + " was altered after it was signed, or its manifest is broken: "
            + "assertion.dataHash.mismatch; ask for the original file"),
        run.errorLines());
    assertEquals(3, CommandResult.of("inspect", signed.toString()).status());
  }

  @Test
  void namesTheFormatOfAPhotoThatItDoesNotRead() throws IOException {
    Path photo = Files.writeString(folder.resolve("photo.heic"), "\0\0\0\u0018ftypheic\0\0\0\0");
    for (String command : List.of("verify", "inspect")) {
      CommandResult run = CommandResult.of(command, photo.toString());
      assertEquals(3, run.status());
      assertEquals(
          List.of(photo + " is in the HEIC format, whose provenance cannot be read here; give a"
              + " PNG, JPEG or WebP file"),
          run.errorLines());
    }
  }

  @Test
  void aHeaderLengthIsNoImage() throws IOException {
    byte[] header = ("{" + " ".repeat(0x0aff - 2) + "}").getBytes(StandardCharsets.US_ASCII);
    byte[] file = new byte[8 + header.length];
    file[0] = (byte) 0xff;
    file[1] = 0x0a;
    System.arraycopy(header, 0, file, 8, header.length);
    Path weights = Files.write(folder.resolve("weights.safetensors"), file);
    CommandResult run = CommandResult.of("inspect", weights.toString());
    assertFalse((run.out() + run.err()).contains("JPEG XL"), run.err());
  }

  @Test
  void endsWithThreeOnAnImageWithoutMarks() throws IOException {
    Path plain =
        Files.write(folder.resolve("plain.png"), RgbImage.of(4, 4, new byte[48]).toPng());
    CommandResult run = CommandResult.of("verify", plain.toString());
    assertEquals(3, run.status());
    assertEquals(
        List.of(plain
            + " has no signed manifest, so changes cannot be detected; ask for the original file"),
        run.errorLines());
    assertEquals(0, CommandResult.of("inspect", plain.toString()).status());
  }

  @Test
  void endsWithThreeOnAnImageOfAnUntrustedSigner() throws Exception {
    Path root = Files.write(
        folder.resolve("root.der"), SigningIdentity.development().chain().get(1).getEncoded());
    CommandResult vouched =
        CommandResult.of("verify", signed.toString(), "--trust", root.toString());
    assertEquals(0, vouched.status(), vouched.err());
    assertTrue(
        vouched.out().contains("manifest     unchanged, from a trusted " + "signer"),
        vouched.out());
    Path others = Files.write(folder.resolve("others.der"), authorityOfJava().getEncoded());
    CommandResult unknown =
        CommandResult.of("verify", signed.toString(), "--trust", others.toString(), "--json");
    assertEquals(3, unknown.status());
    assertEquals("false", String.valueOf(JSON.std.mapFrom(unknown.out()).get("altered")));
    assertEquals(
        List.of(signed + " is signed by \"Likeness development certificate: do not trust\", but "
            + "no certificate in " + others + " confirms this; ask the author of the file for the"
            + " signer's certificate"),
        unknown.errorLines());
  }

  @Test
  void distinguishesAnExpiredCertificateFromAnAlteredImage() throws IOException {
    Instant end = Instant.now().truncatedTo(ChronoUnit.SECONDS).minusSeconds(60);
    OwnCertificate ada = OwnCertificate.until(end);
    Disclosure.standard()
        .signer(ada.identity())
        .writePng(RgbImage.of(16, 16, new byte[16 * 16 * 3]), signed);
    String verdict = "unchanged, but its signer's certificate expired on " + end
        + ", and no trusted time stamp shows when the signature was made";
    CommandResult run = CommandResult.of("verify", signed.toString());
    assertEquals(0, run.status(), run.err());
    assertTrue(run.out().contains("manifest     " + verdict), run.out());
    CommandResult trusting = CommandResult.of(
        "verify", signed.toString(), "--trust", ada.root(folder).toString(), "--json");
    assertEquals(3, trusting.status());
    assertEquals(
        List.of(signed + " is " + verdict + "; ask its author for a newly signed file"),
        trusting.errorLines());
    Map<String, Object> found = JSON.std.mapFrom(trusting.out());
    assertEquals("false true", found.get("altered") + " " + found.get("expired"));
    assertEquals(
        "invalid " + end,
        ((Map<?, ?>) found.get("manifest")).get("state") + " "
            + ((Map<?, ?>) found.get("manifest")).get("signer_valid_until"));
    assertEquals(0, CommandResult.of("inspect", signed.toString()).status());
  }

  private static X509Certificate authorityOfJava() throws GeneralSecurityException {
    TrustManagerFactory factory =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init((KeyStore) null);
    return ((X509TrustManager) factory.getTrustManagers()[0]).getAcceptedIssuers()[0];
  }

  @Test
  void endsWithThreeOnAReceiptSignedWithAShortKey() throws IOException {
    Path receipt = folder.resolve("receipt.json");
    Files.writeString(
        receipt,
        JSON.std.asString(Map.of(
            "erased",
            "0123456789abcdef0123456789abcdef",
            "begun",
            "2026-01-02T03:04:05Z",
            "finished",
            "2026-01-02T03:04:05Z",
            "files",
            Map.of("photos", 1),
            "signature",
            "AAAA",
            "certificate",
            SHORT_KEY)));
    CommandResult run = CommandResult.of("verify", receipt.toString());
    assertEquals(3, run.status());
    assertEquals(
        List.of(receipt + " is signed with a key or digest too weak to trust, such as RSA of less "
            + "than 2048 bits or SHA-1; ask for a file with a stronger signature"),
        run.errorLines());
  }

  @Test
  void requiresOneInputToVerify() {
    assertEquals(
        List.of("give either a FILE or --store DIR (try ./likeness verify --help)"),
        CommandResult.of("verify").errorLines());
    assertEquals(
        List.of("--trust applies to a FILE only: a store is not signed; leave --trust out"),
        CommandResult.of("verify", "--store", "people", "--trust", "ours.pem").errorLines());
  }
}
