package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.Consent;
import dev.likeness.vault.ReceiptSigner;
import dev.likeness.vault.StoreOptions;
import dev.likeness.vault.SubjectStore;
import dev.likeness.vault.key.WrappingKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who signs the receipts of erasures that the command makes. */
class ErasureCommandTest {
  private static final OwnCertificate ADA = OwnCertificate.until(Instant.now().plusSeconds(86_400));

  @TempDir
  private Path folder;

  private Path store;
  private List<String> signing;
  private String id;

  @BeforeEach
  void createASubjectAYearAgo() throws IOException {
    store = folder.resolve("store");
    signing = List.of(
        "--store",
        store.toString(),
        "--sign-key",
        ADA.key(folder).toString(),
        "--sign-certificate",
        ADA.chain(folder).toString());
    Clock then = Clock.offset(Clock.systemUTC(), Duration.ofDays(-365));
    try (SubjectStore opened = SubjectStore.open(
        store,
        WrappingKey.createFile(folder.resolve("key.txt")),
        StoreOptions.defaults().clock(then))) {
      id = opened.create(Consent.of("Ada: yes")).id();
    }
  }

  @Test
  void peopleEraseSigns() throws IOException {
    run(signing, "people", "erase", id);
    assertSignedByAda();
  }

  @Test
  void purgeSigns() throws IOException {
    assertEquals(
        "erased " + id, run(signing, "purge", "--due").out().lines().findFirst().orElseThrow());
    assertSignedByAda();
  }

  @Test
  void everyCommandThatFinishesAnErasureSigns() throws IOException {
    Path note = Files.createDirectories(store.resolve("erasing")).resolve(id);
    Files.writeString(note, "{\"begun\": \"2026-11-20T12:00:00Z\", \"files\": {\"photos\": 1}}");
    assertEquals("", run(signing, "people", "list").out());
    assertSignedByAda();
  }

  @Test
  void trustsNoReceiptOfAnExpiredCertificate() throws IOException {
    Instant end = Instant.now().truncatedTo(ChronoUnit.SECONDS).minusSeconds(60);
    OwnCertificate old = OwnCertificate.until(end);
    ReceiptSigner signer = ReceiptSigner.of(old.identity().chain(), old.identity()::sign);
    try (SubjectStore opened =
        SubjectStore.open(store, WrappingKey.none(), StoreOptions.defaults().signer(signer))) {
      opened.subject(id).erase();
    }
    String receipt = store.resolve("receipts/" + id + ".json").toString();
    assertTrue(
        run(List.of(), "verify", receipt).out().startsWith("unchanged: " + id + " was erased"));
    CommandResult trusting =
        CommandResult.of("verify", receipt, "--trust", old.root(folder).toString());
    assertEquals(3, trusting.status());
    assertEquals(
        List.of(receipt + " is unchanged, but its signer's certificate expired on " + end
            + ", and no trusted time stamp shows when the receipt was signed; ask the operator of"
            + " the"
            + " store to confirm the erasure"),
        trusting.errorLines());
  }

  private void assertSignedByAda() throws IOException {
    Path receipt = store.resolve("receipts/" + id + ".json");
    CommandResult vouched =
        run(List.of("--trust", ADA.root(folder).toString()), "verify", receipt.toString());
    assertTrue(vouched.out().startsWith("genuine: " + id + " was erased"), vouched.out());
    assertTrue(vouched.out().strip().endsWith("signed by \"O=Ada, CN=Ada signer\""), vouched.out());
  }

  private static CommandResult run(List<String> more, String... args) {
    List<String> all = new ArrayList<>(List.of(args));
    all.addAll(more);
    CommandResult run = CommandResult.of(all.toArray(String[]::new));
    assertEquals(0, run.status(), run.err());
    return run;
  }

  @Test
  void refusesASignerThatSignsNothing() {
    for (String command : List.of("verify a.png", "train --photos x --out y")) {
      CommandResult run =
          CommandResult.of((command + " --sign-key k.pem --sign-certificate c.pem").split(" "));
      assertEquals(
          List.of("--sign-key signs erasure receipts and needs --store DIR; leave --sign-key and"
              + " --sign-certificate out"),
          run.errorLines());
    }
    CommandResult half =
        CommandResult.of("people", "erase", id, "--store", store.toString(), "--sign-key", "k.pem");
    assertEquals(
        List.of("--sign-key and --sign-certificate belong together; give both or neither"),
        half.errorLines());
  }
}
