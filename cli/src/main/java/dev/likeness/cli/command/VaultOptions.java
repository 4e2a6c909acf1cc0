package dev.likeness.cli.command;

import dev.likeness.cli.console.Console;
import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.lora.TrainedPerson;
import dev.likeness.vault.ErasureReceipt;
import dev.likeness.vault.ReceiptSigner;
import dev.likeness.vault.StoreInUseException;
import dev.likeness.vault.StoreOptions;
import dev.likeness.vault.Subject;
import dev.likeness.vault.SubjectStore;
import dev.likeness.vault.SubjectStudio;
import dev.likeness.vault.key.WrappingKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Which store of persons, its key, and who signs receipts of its erasures. */
final class VaultOptions {
  /**
   * How long it waits for a process that has the store; commands have it while they read or write
   * there alone.
   */
  static final Duration LOCK_TIMEOUT = Duration.ofSeconds(30);

  private static final String KEY_VARIABLE = "LIKENESS_STORE_KEY";
  private static final long PAUSE_NANOS = 100_000_000;

  @Option(
      names = "--store",
      paramLabel = "DIR",
      description = "the folder where persons are kept, encrypted; one process has it open at a"
          + " time, for which this waits half a minute")
  private Path store;

  @Option(
      names = "--key",
      paramLabel = "FILE",
      description = "the store's key, made for a new store "
          + "where there is no such file (default: the environment variable " + KEY_VARIABLE + ")")
  private Path key;

  @Mixin
  private DisclosureOptions.SigningOptions signing;

  boolean isGiven() {
    if (store == null && key != null) {
      throw new IllegalArgumentException(
          "--key is of a store, and without --store DIR nothing is encrypted; give both or neither");
    }
    return store != null;
  }

  /** Who signs the receipts of erasures, and of a command that draws the images. */
  DisclosureOptions.SigningOptions signing() {
    return signing;
  }

  /** Refuses a signer without a store, of a command that signs nothing else. */
  void requireUsedSigner() {
    if (!isGiven() && signing.isGiven()) {
      throw new IllegalArgumentException(
          "--sign-key signs receipts of erasures, and without --store DIR nobody is erased; leave it out");
    }
  }

  /**
   * Opens the store, which finishes interrupted erasures; without a key it can only list, erase and
   * purge.
   */
  SubjectStore open(Console console) {
    return open(console, LOCK_TIMEOUT, console.cancellation());
  }

  /**
   * The same with another patience.
   *
   * @throws dev.likeness.vault.StoreInUseException when that is over
   */
  SubjectStore open(Console console, Duration patience, Cancellation stop) {
    long begun = System.nanoTime();
    boolean told = false;
    while (true) {
      try {
        return tryOpen();
      } catch (StoreInUseException elsewhere) {
        if (System.nanoTime() - begun >= patience.toNanos()) {
          throw elsewhere;
        }
        if (!told) {
          console.err().println("waiting for " + store + ", which another process has open");
          console.err().flush();
        }
        told = true;
        stop.throwIfCancelled();
        LockSupport.parkNanos(PAUSE_NANOS);
      }
    }
  }

  private SubjectStore tryOpen() {
    if (store == null) {
      throw new IllegalArgumentException(
          "--store DIR is missing: the folder where persons are kept");
    }
    StoreOptions plain = StoreOptions.defaults();
    StoreOptions signed = signing
        .identity()
        .map(identity -> plain.signer(ReceiptSigner.of(identity.chain(), identity::sign)))
        .orElse(plain);
    return SubjectStore.open(store, keys(), signed);
  }

  /** The same of a store that is there already. */
  SubjectStore openExisting(Console console) {
    if (store != null && !Files.exists(store.resolve("clock.json"))) {
      throw new InvalidInputException("there is no store in " + store
          + "; give the folder where train or headshot made one, with its disk in place");
    }
    return open(console);
  }

  /**
   * Whether the store has a receipt of this person's erasure, which any process may have written;
   * it need not be open.
   */
  boolean hasErased(String id) {
    return Files.exists(ErasureReceipt.file(store, id));
  }

  private WrappingKey keys() {
    if (key != null) {
      if (!Files.exists(key) && hasPeople()) {
        throw new InvalidInputException("there is no key " + key + ", and the people in " + store
            + " are encrypted under another; give the file of theirs");
      }
      return Files.exists(key) ? WrappingKey.ofFile(key) : WrappingKey.createFile(key);
    }
    return System.getenv(KEY_VARIABLE) == null
        ? WrappingKey.none()
        : WrappingKey.ofEnvironment(KEY_VARIABLE);
  }

  private boolean hasPeople() {
    Path people = store.resolve("subjects");
    try (Stream<Path> folders = Files.exists(people) ? Files.list(people) : Stream.empty()) {
      return folders.findAny().isPresent();
    } catch (IOException e) {
      throw new ResourceLimitException(
          "cannot look into the store " + store + ": " + e.getMessage(), e);
    }
  }

  /** The person in a file, or with a store the subject of that id. */
  TrainedPerson person(Path file, BaseModel model, Console console) {
    if (!isGiven()) {
      return TrainedPerson.open(file, model);
    }
    try (SubjectStore opened = openExisting(console)) {
      Subject subject = opened.subject(file.toString());
      Consent consent = subject.consent();
      TrainedPerson person = TrainedPerson.open(SubjectStudio.personFile(subject), model);
      return person.consent().isEmpty() ? person.withConsent(consent) : person;
    }
  }
}
