package dev.likeness.diffusion;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.request.Adapter;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;

/**
 * A person that a base model can generate: a trained LoRA or reference images. Face guidance can be
 * added to both. A request accepts a person {@code ada} as an adapter:
 * {@code request.adapter(ada.at(0.8))}.
 */
public interface Identity {
  /**
   * A person from a file. Thread-safe. This object owns the person's tensors until it is closed.
   */
  interface Loaded extends Identity, AutoCloseable {
    /** Frees the person's tensors once no generation uses them. */
    @Override
    void close();
  }

  /**
   * Opens person files. A module provides a reader as a service, which {@link ServiceLoader} finds.
   * Implementations are thread-safe.
   */
  @FunctionalInterface
  interface Reader {
    /**
     * Opens a person file for a base model.
     *
     * @param file the person file
     * @param base the base model
     * @return the person; the caller closes it
     * @throws InvalidInputException if the file is broken, does not fit the base, or lacks the
     *     words that name the person in prompts
     */
    Loaded open(Path file, BaseModel base);
  }

  /**
   * Opens a person file for a base model, with the {@link Reader} on the class path.
   * {@code likeness-identity-lora} provides a reader.
   *
   * @param file the person file
   * @param base the base model
   * @return the person; the caller closes it
   * @throws InvalidInputException if the file is broken, does not fit the base, or lacks the words
   *     that name the person in prompts
   * @throws IllegalStateException if no module on the class path reads person files
   */
  static Loaded open(Path file, BaseModel base) {
    return ServiceLoader.load(Reader.class, Reader.class.getClassLoader())
        .findFirst()
        .orElseThrow(() ->
            new IllegalStateException("no module on the class path opens person files such as "
                + file + "; add likeness-identity-lora"))
        .open(file, base);
  }

  /**
   * {@return this person as an adapter}
   *
   * @param weight the identity strength; 0 means off, 1 means the trained strength
   * @throws IllegalArgumentException if the weight is not finite, or is outside the range that this
   *     kind of person supports, such as 0..1 for face guidance
   */
  Adapter at(double weight);

  /** {@return the words that name this person in a prompt, for example {@code sks woman}} */
  String phrase();

  /**
   * {@return the person's consent; empty if it is not known, for example because another program
   * wrote the file} If the result is empty, {@link Consent#require(Identity, Purpose)} throws an
   * exception.
   */
  Optional<Consent> consent();

  /**
   * {@return a warning if the person was trained on a base whose name differs from the name of
   * {@code model}; empty if the names are equal, or if the training base is not known}
   *
   * @param model the base model that the person is used with
   */
  default Optional<String> baseMismatch(BaseModel model) {
    return Optional.empty();
  }

  /** {@return the metadata of the person's file; empty for a person without a file} */
  default Map<String, String> metadata() {
    return Map.of();
  }

  /**
   * {@return this person with the given consent} Use this method for a person whose file contains
   * no consent. The result uses the tensors of this object, and this object keeps ownership of
   * them.
   *
   * @param consent the consent of the person
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
