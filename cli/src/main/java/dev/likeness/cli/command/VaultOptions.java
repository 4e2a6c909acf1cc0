package dev.likeness.cli.command;

import dev.likeness.cli.console.Console;
import dev.likeness.cli.paths.PathUse;
import dev.likeness.cli.paths.PathUse.Use;
import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.internal.io.AtomicFile;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.diffusion.request.Run;
import dev.likeness.headshots.person.IpAdapterPerson;
import dev.likeness.headshots.person.ReferenceImagesPerson;
import dev.likeness.headshots.person.ReferencePhotos;
import dev.likeness.ipadapter.PersonAdapter;
import dev.likeness.lora.LoraPerson;
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
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The options for the store, its key and the signer of erasure receipts. */
@Command(optionListHeading = "Encrypted store")
final class VaultOptions {
  /** The maximum time to wait for another process that has the store open. */
  static final Duration LOCK_TIMEOUT = Duration.ofSeconds(30);

  private static final String KEY_VARIABLE = "LIKENESS_STORE_KEY";
  private static final String PASSPHRASE_VARIABLE = "LIKENESS_STORE_PASSPHRASE";
  private static final long PAUSE_NANOS = 100_000_000;

  @PathUse(Use.STORE)
  @Option(
      names = "--store",
      paramLabel = "DIR",
      description = "folder of the encrypted store of people. If another process has it open, the "
          + "command waits up to 30 seconds")
  private Path store;

  @PathUse(Use.KEY)
  @Option(
      names = "--key",
      paramLabel = "FILE",
      description = "file of the store's key; created for a new store "
          + "(default: the environment variable " + KEY_VARIABLE + ")")
  private Path key;

  @PathUse(Use.READ)
  @Option(
      names = "--passphrase-file",
      paramLabel = "FILE",
      description =
          "file with the passphrase of the store's key, at least 12 characters; a new key "
              + "file is then encrypted by it (default: the environment variable "
              + PASSPHRASE_VARIABLE + ", or a question on the terminal)")
  private Path passphraseFile;

  @Mixin
  private DisclosureOptions.SigningOptions signing;

  private final PrivateKeyFile keyFile = new PrivateKeyFile();

  /** Returns true if a key is given, which need not be the store's. */
  boolean hasKey() {
    return key != null || System.getenv(KEY_VARIABLE) != null;
  }

  boolean isGiven() {
    if (store == null && key != null) {
      throw new IllegalArgumentException("--key needs --store DIR; give both or neither");
    }
    return store != null;
  }

  /** Returns the signer of erasure receipts and images. */
  DisclosureOptions.SigningOptions signing() {
    return signing;
  }

  /** Refuses a signer without a store, for commands that sign receipts only. */
  void requireUsedSigner() {
    if (!isGiven() && signing.isGiven()) {
      throw new IllegalArgumentException(
          "--sign-key signs erasure receipts and needs --store DIR; leave --sign-key and"
              + " --sign-certificate out");
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
   * Opens the store, waiting at most {@code patience}.
   *
   * @throws dev.likeness.vault.StoreInUseException if another process still has it open then
   */
  SubjectStore open(Console console, Duration patience, Cancellation stop) {
    long begun = System.nanoTime();
    boolean reported = false;
    while (true) {
      try {
        return tryOpen(console);
      } catch (StoreInUseException elsewhere) {
        if (System.nanoTime() - begun >= patience.toNanos()) {
          throw elsewhere;
        }
        if (!reported) {
          console.err().println("waiting for " + store + ", which another process has open");
          console.err().flush();
        }
        reported = true;
        stop.throwIfCancelled();
        LockSupport.parkNanos(PAUSE_NANOS);
      }
    }
  }

  private SubjectStore tryOpen(Console console) {
    if (store == null) {
      throw new IllegalArgumentException("--store DIR is missing; give the folder of the store");
    }
    StoreOptions plain = StoreOptions.defaults();
    StoreOptions signed = signing
        .identity()
        .map(identity -> plain.signer(ReceiptSigner.of(identity.chain(), identity::sign)))
        .orElse(plain);
    return SubjectStore.open(store, keys(console), signed);
  }

  /**
   * Checks, if a store and photos are given, that the person can be added: before the work that
   * takes long. A new store is not created for it, nor its key.
   */
  void requireWritable(PhotoOptions photos, Console console) {
    if (!isGiven() || !photos.isGiven()) {
      return;
    }
    photos.consent();
    if (!hasKey()) {
      throw new IllegalArgumentException(
          "--store encrypts the person and needs a key; give --key FILE (the file is"
              + " created for a new store), or set " + KEY_VARIABLE);
    }
    if (Files.exists(store)) {
      open(console).close();
      return;
    }
    AtomicFile.Writable.requireFolder(store);
    if (key == null || Files.exists(key)) {
      keys(console);
    } else {
      AtomicFile.Writable.requireFile(key);
    }
  }

  /**
   * Opens the store, or a store in {@code folder} if none is given. Unless a key is given too, the
   * key of that store lies in the user's folder of settings. Earlier versions kept it beside the
   * store.
   */
  SubjectStore openOr(Path folder, Console console) {
    if (!isGiven()) {
      store = folder.resolve("people");
      Path beside = folder.resolve("people.key");
      if (!hasKey()) {
        key = Files.exists(beside) ? beside : ModelPlaces.config().resolve("studio.key");
      }
      String where = key == null ? "" : ", and their key in " + key;
      String advice = beside.equals(key)
          ? "; a key beside its store protects nobody, so move it away and give --key FILE"
          : "";
      console.err().println("people are kept in " + store + where + advice);
    } else if (!hasKey()) {
      throw new IllegalArgumentException("--store encrypts the people and needs a key; give --key"
          + " FILE (the file is created for a new store), or set " + KEY_VARIABLE);
    }
    return open(console);
  }

  /** Opens a store that must exist. */
  SubjectStore openExisting(Console console) {
    if (store != null
        && !Files.exists(store.resolve("clock.json"))
        && !Files.isDirectory(store.resolve("subjects"))) {
      throw new InvalidInputException(
          "there is no store in " + store
              + "; give the folder of a store that train or headshot created, and check that its disk is mounted");
    }
    return open(console);
  }

  /**
   * Returns true if the store has a receipt for this person. Any process may have written it, and
   * the store need not be open.
   */
  boolean hasErased(String id) {
    return Files.exists(ErasureReceipt.file(store, id));
  }

  private WrappingKey keys(Console console) {
    if (key != null) {
      if (!Files.exists(key) && hasPeople()) {
        throw new InvalidInputException("the key file " + key + " does not exist, but the people"
            + " in " + store + " are encrypted; give the key file of this store");
      }
      if (!Files.exists(key)) {
        return passphrase(false)
            .map(words -> WrappingKey.createFile(key, words))
            .orElseGet(() -> WrappingKey.createFile(key));
      }
      keyFile.warnIfShared(key, console.err());
      if (WrappingKey.needsPassphrase(key)) {
        return WrappingKey.ofFile(
            key,
            passphrase(true)
                .orElseThrow(() -> new InvalidInputException("the key file " + key
                    + " needs a passphrase; give --passphrase-file FILE, or set "
                    + PASSPHRASE_VARIABLE)));
      }
      return WrappingKey.ofFile(key);
    }
    return System.getenv(KEY_VARIABLE) == null
        ? WrappingKey.none()
        : WrappingKey.ofEnvironment(KEY_VARIABLE);
  }

  /**
   * Returns the passphrase of the file or the environment variable.
   *
   * @param asks true to ask on the terminal if there is neither
   */
  private Optional<char[]> passphrase(boolean asks) {
    if (passphraseFile != null) {
      return Optional.of(SecretFile.read("passphrase", passphraseFile).toCharArray());
    }
    String variable = System.getenv(PASSPHRASE_VARIABLE);
    if (variable != null) {
      return Optional.of(variable.toCharArray());
    }
    java.io.Console terminal = asks ? System.console() : null;
    return terminal == null
        ? Optional.empty()
        : Optional.ofNullable(terminal.readPassword("passphrase of %s: ", key));
  }

  private boolean hasPeople() {
    Path people = store.resolve("subjects");
    try (Stream<Path> folders = Files.exists(people) ? Files.list(people) : Stream.empty()) {
      return folders.findAny().isPresent();
    } catch (IOException e) {
      throw new ResourceLimitException(
          "cannot read the store " + store + ": " + e.getMessage()
              + "; check that this user can read it",
          e);
    }
  }

  /** Returns the person by reference images in a file, or in the store if one is given. */
  ReferenceImagesPerson referenceImagesPerson(Path file, BaseModel model, Console console) {
    if (!isGiven()) {
      return ReferenceImagesPerson.open(file, model);
    }
    ReferencePhotos.requireEditing(model);
    try (SubjectStore opened = openExisting(console)) {
      Subject subject = opened.subject(file.toString());
      return SubjectStudio.findReferences(subject, model)
          .orElseThrow(() -> new InvalidInputException(
              subject + " has no reference images; give --photos with --identity references"));
    }
  }

  /** Returns the person by encoded photos in a file, or in the store if one is given. */
  IpAdapterPerson ipAdapterPerson(Path file, PersonAdapter adapter, Console console) {
    if (!isGiven()) {
      return IpAdapterPerson.open(file, adapter);
    }
    try (SubjectStore opened = openExisting(console)) {
      Subject subject = opened.subject(file.toString());
      Consent consent = subject.consent();
      IpAdapterPerson person = SubjectStudio.findEncoded(subject, adapter)
          .orElseThrow(() -> new InvalidInputException(subject
              + " has no photos that were encoded for an adapter; give --photos with the"
              + " --identity of the adapter"));
      return person.consent().isEmpty() ? person.withConsent(consent) : person;
    }
  }

  /** Returns the person in a file, or the subject of that id if a store is given. */
  LoraPerson person(Path file, BaseModel model, Console console) {
    if (!isGiven()) {
      return LoraPerson.open(file, model, Run.of(console.cancellation()));
    }
    try (SubjectStore opened = openExisting(console)) {
      Subject subject = opened.subject(file.toString());
      Consent consent = subject.consent();
      LoraPerson person =
          LoraPerson.open(SubjectStudio.personFile(subject), model, Run.of(console.cancellation()));
      return person.consent().isEmpty() ? person.withConsent(consent) : person;
    }
  }
}
