package dev.likeness.diffusion;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.request.Adapter;
import java.nio.file.Path;
import java.util.Optional;
import java.util.ServiceLoader;

/**
 * A person as a base model can generate them: trained, shown by reference images, or guided by
 * their face. Travels with a request: {@code as(ada.at(0.8))}.
 */
public interface Identity {
  /** Somebody from a file; shared by threads, owns its tensors until closed. */
  interface Loaded extends Identity, AutoCloseable {
    /**
     * What to know before drawing with {@code model}: empty when it is the base that the person was
     * taught to.
     */
    Optional<String> baseMismatch(BaseModel model);

    @Override
    void close();
  }

  /** A module's way to open people's files, found by {@link ServiceLoader}; safe for threads. */
  @FunctionalInterface
  interface Reader {
    /**
     * Opens a person's file for a base model.
     *
     * @throws InvalidInputException when the file is broken, does not fit the base, or names no
     *     person
     */
    Loaded open(Path file, BaseModel base);
  }

  /**
   * Opens a person's file for a base model, by whichever module on the class path reads such files
   * ({@code likeness-identity-lora} does).
   *
   * @throws InvalidInputException when the file is broken, does not fit the base, or names no
   *     person
   * @throws IllegalStateException when no module that reads people's files is on the class path
   */
  static Loaded open(Path file, BaseModel base) {
    return ServiceLoader.load(Reader.class, Reader.class.getClassLoader())
        .findFirst()
        .orElseThrow(
            () -> new IllegalStateException("nothing on the class path reads people's files, so "
                + file + " stays closed; add likeness-identity-lora"))
        .open(file, base);
  }

  /** This person at a weight; 0 is nobody, 1 as learned. */
  Adapter at(double weight);

  /** The words by which a prompt calls this person, e.g. {@code sks woman}. */
  String phrase();

  /**
   * Who agreed to what; empty where that is not known, as of files of other programs. Where a
   * consent is required, {@link Consent#require(Identity, Purpose)} refuses such a person.
   */
  Optional<Consent> consent();

  /**
   * The same person with this consent in place of what is recorded: for a file that records none.
   * Tensors are shared, and stay this identity's to close.
   */
  default Identity withConsent(Consent consent) {
    Identity own = this;
    return new Identity() {
      @Override
      public Adapter at(double weight) {
        return own.at(weight);
      }

      @Override
      public String phrase() {
        return own.phrase();
      }

      @Override
      public Optional<Consent> consent() {
        return Optional.of(consent);
      }
    };
  }
}
