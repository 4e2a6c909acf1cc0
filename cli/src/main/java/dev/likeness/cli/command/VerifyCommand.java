package dev.likeness.cli.command;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.cli.console.Console;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.provenance.Provenance;
import dev.likeness.provenance.c2pa.ManifestReport;
import dev.likeness.provenance.signing.TrustAnchors;
import dev.likeness.vault.ErasureReceipt;
import dev.likeness.vault.SubjectStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import javax.security.auth.x500.X500Principal;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * {@code likeness verify}: checks the signature and signer of an image or a receipt, or that a
 * store can be read.
 */
@Command(
    name = "verify",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description =
        "Checks the signature of an image and lists its content credentials; or the signature of an erasure "
            + "receipt; with --trust also the signer; or that everything in a store can be read. "
            + "Exit status 3 if a check fails or nothing is signed.")
public final class VerifyCommand implements Runnable {
  private final Console console;

  @Parameters(
      paramLabel = "FILE",
      arity = "0..1",
      description = "a PNG, JPEG or WebP file, or a receipt")
  private Path file;

  @Mixin
  private VaultOptions store;

  @Option(
      names = "--trust",
      paramLabel = "PEM",
      description =
          "trusted certificates: a FILE signed by another signer, or with an expired certificate, "
              + "ends with 3 (default: every signer is accepted)")
  private Path trust;

  @Option(names = "--json", description = "prints one JSON object")
  private boolean json;

  /** A subcommand that speaks to {@code console}. */
  public VerifyCommand(Console console) {
    this.console = console;
  }

  @Override
  public void run() {
    store.requireUsedSigner();
    if (store.isGiven() == (file != null)) {
      throw new IllegalArgumentException(
          "give either a FILE or --store DIR (try likeness verify --help)");
    }
    if (store.isGiven() && trust != null) {
      throw new IllegalArgumentException(
          "--trust is for a FILE: a store is signed by nobody; leave it out");
    }
    if (store.isGiven()) {
      verifyStore();
    } else if (file.toString().endsWith(".json")) {
      verifyReceipt();
    } else {
      verifyImage();
    }
    console.out().flush();
  }

  private void verifyStore() {
    try (SubjectStore opened = store.openExisting(console)) {
      List<String> problems = opened.verify();
      int persons = opened.subjects().size();
      problems.stream().filter(problem -> !json).forEach(console.out()::println);
      console
          .out()
          .println(
              json
                  ? JSON.std.asString(
                      new TreeMap<>(Map.of("persons", persons, "problems", problems)))
                  : persons + " persons, " + problems.size() + " problems");
      if (!problems.isEmpty()) {
        throw new InvalidInputException(problems.get(0));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      console.out().flush();
    }
  }

  private void verifyReceipt() {
    ErasureReceipt receipt = ErasureReceipt.read(file);
    if (!receipt.isGenuine()) {
      throw new InvalidInputException(
          file + " was changed after it was signed; ask for the original receipt");
    }
    X500Principal signer = receipt.signer().getSubjectX500Principal();
    Instant end = receipt.signer().getNotAfter().toInstant();
    if (trust != null && Instant.now().isAfter(end)) {
      throw new InvalidInputException(
          file + " is unchanged, but its signer's certificate expired on " + end
              + ", and nothing vouches for when it signed; " + "ask who erased");
    }
    if (trust != null && !anchors().trusts(receipt.chain())) {
      throw new InvalidInputException(file + " is signed by " + signer + ", which " + trust
          + " does not vouch for; ask who erased");
    }
    String told =
        (trust == null ? "unchanged: " : "genuine: ") + receipt.subject() + " was erased, begun "
            + receipt.startedAt() + ", finished " + receipt.finishedAt() + ", signed by " + signer
            + (trust == null ? ", not verified (--trust PEM)" : "");
    console.out().println(json ? receipt.toJson() : told);
  }

  private TrustAnchors anchors() {
    return trust == null ? TrustAnchors.NONE : TrustAnchors.open(trust);
  }

  private void verifyImage() {
    Provenance found = Provenance.inspect(file, anchors());
    console.out().println(json ? found.toJson() : found.toString());
    console.out().flush();
    if (found.isAltered()) {
      throw new InvalidInputException(
          file + " was altered after it was signed, or its manifest is broken: "
              + String.join(", ", found.manifest().orElseThrow().faults())
              + "; ask for the original file");
    }
    if (found.manifest().isEmpty()) {
      throw new InvalidInputException(
          file + " carries no signed manifest, so nothing tells whether it was altered; ask for "
              + "the original file");
    }
    if (trust != null) {
      requireTrusted(found.manifest().orElseThrow());
    }
  }

  private void requireTrusted(ManifestReport manifest) {
    if (manifest.isExpired()) {
      throw new InvalidInputException(
          file + " is " + manifest.verdict() + "; ask who made it for one that is signed anew");
    }
    if (manifest.state() != ManifestReport.State.TRUSTED) {
      String signer = manifest.signer().map(ManifestReport.Signer::name).orElse("nobody");
      throw new InvalidInputException(file + " is signed by " + signer + ", which " + trust
          + " does not vouch for; ask who made it");
    }
  }
}
