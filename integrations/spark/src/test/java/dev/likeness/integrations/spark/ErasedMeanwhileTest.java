package dev.likeness.integrations.spark;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.EdECPrivateKeySpec;
import java.security.spec.NamedParameterSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whenever a person is erased during the work of a task, the task leaves nothing of the person. */
class ErasedMeanwhileTest {
  private static final String ID = "ada";

  @TempDir
  private Path folder;

  @BeforeEach
  void watch() {
    WatchedFileSystem.on(event -> {});
  }

  private static Configuration configuration() {
    return WatchedFileSystem.addTo(new Configuration());
  }

  private static SharedFiles files() {
    return new SharedFiles(configuration(), Set.of("watched"));
  }

  private JobFolders folders() {
    return new JobFolders(new org.apache.hadoop.fs.Path(WatchedFileSystem.uri(folder)));
  }

  private ErasureReceipt erase() {
    return SubjectErasure.erase(
        configuration(), WatchedFileSystem.uri(folder), ID, Optional.empty());
  }

  private String mark() throws IOException {
    return new Tombstones(files(), folders()).of(ID);
  }

  private PersonFolder attempt(String mark) {
    return new PersonFolder(files(), folders(), ID, "k1", "app-1", 0, mark);
  }

  private Optional<PersonResult> commit(PersonFolder work) throws IOException {
    Map<String, byte[]> content = new TreeMap<>();
    for (String name : List.of("a.png", "b.png", "person.safetensors")) {
      content.put(name, new byte[] {1, 2, 3});
    }
    return work.commit(content, new TreeMap<>(Map.of("seconds_total", 1.5, "reasons", List.of())));
  }

  private List<String> left() throws IOException {
    List<String> left = new ArrayList<>();
    for (String part : List.of("people", "_work")) {
      Path path = folder.resolve(part);
      if (Files.exists(path)) {
        try (var all = Files.walk(path)) {
          all.filter(Files::isRegularFile).forEach(file -> left.add(file.toString()));
        }
      }
    }
    return left;
  }

  /** Erases when the first file with a name that begins so is about to be created. */
  private AtomicBoolean eraseAt(String event) {
    AtomicBoolean erased = new AtomicBoolean();
    WatchedFileSystem.on(seen -> {
      if (seen.startsWith(event) && erased.compareAndSet(false, true)) {
        erase();
      }
    });
    return erased;
  }

  @Test
  void anAttemptBeforeItsBeginningKnowsOfTheErasure() throws IOException {
    PersonFolder loading = attempt(mark());
    erase();
    assertTrue(loading.isErased());
  }

  @Test
  void anAttemptThatBeginsDuringTheErasureWithdraws() throws IOException {
    PersonFolder loading = attempt(mark());
    AtomicBoolean erased = eraseAt("create begun-");
    loading.begin();
    assertTrue(erased.get());
    assertTrue(loading.isErased());
    assertFalse(loading.isWanted(), "its own mark is there, but the person is erased");
    loading.withdraw();
    assertEquals(List.of(), left());
    assertFalse(Files.exists(folder.resolve("_work/ada")));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"create a.png", "create b.png", "create person.safetensors", "create metrics"})
  void anErasureAtAnyWriteLeavesNothing(String event) throws IOException {
    PersonFolder working = attempt(mark());
    working.begin();
    AtomicBoolean erased = eraseAt(event);
    assertTrue(commit(working).isEmpty());
    assertTrue(erased.get());
    assertEquals(List.of(), left());
  }

  @Test
  void aSecondErasureStopsALaterJobToo() throws IOException {
    erase();
    String first = mark();
    PersonFolder later = attempt(first);
    assertFalse(later.isErased(), "the job began after the erasure");
    later.begin();
    assertTrue(commit(later).isPresent());
    PersonFolder again = attempt(first);
    erase();
    assertTrue(again.isErased());
    assertEquals(List.of(), left());
  }

  @Test
  void aMarkThatIsHalfWrittenCountsAsAnErasure() throws IOException {
    PersonFolder loading = attempt(Tombstones.NONE);
    Files.createDirectories(folder.resolve("_erased"));
    Files.createFile(folder.resolve("_erased/ada"));
    assertTrue(loading.isErased());
  }

  @Test
  void aReceiptIsSignedIfAndOnlyIfTheJobHasASigner() throws Exception {
    ErasureReceipt plain = erase();
    assertFalse(plain.isSigned());
    assertTrue(plain.toJson().contains("\"signed\" : false"), plain.toJson());

    X509Certificate certificate = certificate();
    ErasureReceipt.Signer signer =
        new ErasureReceipt.Signer(List.of(certificate), ErasedMeanwhileTest::sign);
    ErasureReceipt signed = SubjectErasure.erase(
        configuration(), WatchedFileSystem.uri(folder), ID, Optional.of(signer));
    assertTrue(signed.isSigned());
    Signature verifying = Signature.getInstance("Ed25519");
    verifying.initVerify(certificate.getPublicKey());
    verifying.update(signed.message());
    assertTrue(verifying.verify(signed.signature().orElseThrow().bytes()));
    assertEquals(List.of(certificate), signed.signature().orElseThrow().chain());
    assertTrue(signed.toJson().contains("\"signed\" : true"), signed.toJson());
    assertTrue(signed.toJson().contains("\"certificates\""), signed.toJson());
  }

  /** The certificate of the library's development signer, whose key everybody knows. */
  private static X509Certificate certificate() throws Exception {
    Path pem = SamplePeople.samples()
        .resolve("../../../vault/src/main/resources/dev/likeness/vault/development.pem");
    try (InputStream in = Files.newInputStream(pem)) {
      return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
    }
  }

  private static byte[] sign(byte[] message) {
    try {
      byte[] seed = MessageDigest.getInstance("SHA-256")
          .digest("likeness development signer".getBytes(StandardCharsets.US_ASCII));
      Signature signing = Signature.getInstance("Ed25519");
      signing.initSign(KeyFactory.getInstance("Ed25519")
          .generatePrivate(new EdECPrivateKeySpec(NamedParameterSpec.ED25519, seed)));
      signing.update(message);
      return signing.sign();
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void theMessageOfAReceiptHasALineForEachValue() {
    ErasureReceipt receipt =
        new ErasureReceipt("a\nb", "2026-11-20T09:00:00Z", "/out", 3, 2, 5, Optional.empty());
    assertArrayEquals("""
        likeness spark erasure receipt 1
        "a\\nb"
        "2026-11-20T09:00:00Z"
        "/out"
        3
        2
        5
        """.getBytes(StandardCharsets.UTF_8), receipt.message());
    assertEquals(
        "a signature needs the signer's certificate, got none; give the certificate",
        assertThrows(
                IllegalArgumentException.class,
                () -> new ErasureReceipt.Signer(List.of(), message -> message))
            .getMessage());
  }
}
