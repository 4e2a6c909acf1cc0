package dev.likeness.cli.command;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.cli.console.Console;
import dev.likeness.cli.console.TypedCommand;
import dev.likeness.cli.paths.PathUse;
import dev.likeness.cli.paths.PathUse.Use;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.request.Run;
import dev.likeness.provenance.Provenance;
import dev.likeness.provenance.c2pa.ManifestReport;
import dev.likeness.provenance.signing.SigningIdentity;
import dev.likeness.provenance.signing.TrustAnchors;
import dev.likeness.vault.ErasureReceipt;
import dev.likeness.vault.SubjectStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * {@code likeness verify}: checks the signature and the signer of an image or receipt, or checks
 * whether a store can be read.
 */
@Command(
    name = "verify",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Checks the signature of an image and lists its content credentials, or checks "
        + "an erasure receipt. With --trust, it also checks the signer. With --store, it checks "
        + "that all files in a store can be read. Exit status 3 if a check fails or no signature "
        + "is found.")
public final class VerifyCommand implements Runnable {
  private final Console console;

  @PathUse(Use.READ)
  @Parameters(
      paramLabel = "FILE",
      arity = "0..1",
      description = "a PNG, JPEG or WebP image, or an erasure receipt")
  private Path file;

  @Mixin
  private VaultOptions store;

  @PathUse(Use.READ)
  @Option(
      names = "--trust",
      paramLabel = "PEM",
      description = "trusted certificates: exit status 3 if they do not confirm the signer of "
          + "FILE, or if the signer's certificate expired (default: every signer is accepted)")
  private Path trust;

  @Option(names = "--json", description = "prints one JSON object")
  private boolean json;

  /** Creates the subcommand with the console that it prints to. */
  public VerifyCommand(Console console) {
    this.console = console;
  }

  @Override
  public void run() {
    store.requireUsedSigner();
    if (store.isGiven() == (file != null)) {
      throw new IllegalArgumentException(
          "give either a FILE or --store DIR (try " + TypedCommand.of("verify --help") + ")");
    }
    if (store.isGiven() && trust != null) {
      throw new IllegalArgumentException(
          "--trust applies to a FILE only: a store is not signed; leave --trust out");
    }
    if (store.isGiven()) {
      verifyStore();
    } else if (!Files.exists(file)) {
      throw new InvalidInputException(
          file + " does not exist; give a PNG, JPEG or WebP image, or an erasure receipt");
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
                  : persons
                      + (persons == 1 ? " person, " : " persons, ")
                      + problems.size()
                      + (problems.size() == 1 ? " problem" : " problems"));
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
    if (SigningIdentity.SignerProfile.findWeakness(receipt.chain()).isPresent()) {
      throw tooWeak();
    }
    if (!receipt.isGenuine()) {
      throw new InvalidInputException(
          file + " was changed after it was signed; ask for the original receipt");
    }
    String signer = Quoted.of(receipt.signer().getSubjectX500Principal().toString());
    Instant end = receipt.signer().getNotAfter().toInstant();
    if (trust != null && Instant.now().isAfter(end)) {
      throw new InvalidInputException(
          file + " is unchanged, but its signer's certificate expired on " + end
              + ", and no trusted time stamp shows when the receipt was signed; ask the operator"
              + " of the store to confirm the erasure");
    }
    if (trust != null && !anchors().trusts(receipt.chain())) {
      throw new InvalidInputException(file + " is signed by " + signer + ", but no certificate in "
          + trust + " confirms this; ask the operator of the store for the signer's certificate");
    }
    String text =
        (trust == null ? "unchanged: " : "genuine: ") + receipt.subject() + " was erased, begun "
            + receipt.startedAt() + ", finished " + receipt.finishedAt() + ", signed by " + signer
            + (trust == null ? ", not verified; give --trust PEM to verify the signer" : "");
    console.out().println(json ? Quoted.inJson(receipt.toJson()) : text);
  }

  private InvalidInputException tooWeak() {
    return new InvalidInputException(file
        + " is signed with a key or digest too weak to trust, such as RSA of less than 2048 bits or "
        + "SHA-1; ask for a file with a stronger signature");
  }

  private TrustAnchors anchors() {
    return trust == null ? TrustAnchors.NONE : TrustAnchors.open(trust);
  }

  private void verifyImage() {
    Provenance found = Provenance.inspect(file, anchors(), Run.of(console.cancellation()));
    console.out().println(json ? found.toJson() : found.toString());
    console.out().flush();
    if (found.manifest().filter(ManifestReport::isWeak).isPresent()) {
      throw tooWeak();
    }
    if (found.isAltered()) {
      throw new InvalidInputException(
          file + " was altered after it was signed, or its manifest is broken: "
              + String.join(", ", found.manifest().orElseThrow().faults())
              + "; ask for the original file");
    }
    if (found.manifest().isEmpty()) {
      throw new InvalidInputException(
          file + " has no signed manifest, so changes cannot be detected; ask for the "
              + "original file");
    }
    ManifestReport manifest = found.manifest().orElseThrow();
    if (trust != null) {
      requireTrusted(manifest);
    }
    console
        .err()
        .println(
            trust == null
                ? "unchanged since it was signed; anyone can make a certificate, so give --trust PEM"
                    + " to check who signed it"
                : "unchanged since it was signed, and the certificates of " + trust
                    + " confirm the signer");
  }

  private void requireTrusted(ManifestReport manifest) {
    if (manifest.isExpired()) {
      throw new InvalidInputException(
          file + " is " + manifest.verdict() + "; ask its author for a newly signed file");
    }
    if (manifest.state() != ManifestReport.State.TRUSTED) {
      String signer = manifest
          .signer()
          .map(ManifestReport.Signer::name)
          .map(Quoted::of)
          .orElse("an unnamed signer");
      throw new InvalidInputException(file + " is signed by " + signer + ", but no certificate in "
          + trust + " confirms this; ask the author of the file for the signer's certificate");
    }
  }
}
