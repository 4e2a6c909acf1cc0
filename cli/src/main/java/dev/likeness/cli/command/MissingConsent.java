package dev.likeness.cli.command;

import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.Identity;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.SafetensorsHeader;
import dev.likeness.lora.TrainedPerson;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The consent of a kept person whose file records none, as files of other programs and of earlier
 * versions do.
 *
 * @param text who agreed to what, or null for nothing given
 */
record MissingConsent(String text) {
  /** Refuses a consent for a person whose files or store say already who agreed. */
  void requireMissing(VaultOptions store, Path... files) {
    if (text != null
        && (store.isGiven() || Stream.of(files).noneMatch(MissingConsent::lacksConsent))) {
      throw new IllegalArgumentException(
          "--consent is for photos and for people whose file records none; the file or store of this"
              + " person says who agreed: leave it out");
    }
  }

  private static boolean lacksConsent(Path file) {
    try {
      return SafetensorsHeader.read(file)
          .metadata()
          .getOrDefault(TrainedPerson.CONSENT_KEY, "")
          .isBlank();
    } catch (InvalidInputException e) {
      // What cannot be read is said by who opens it.
      return false;
    }
  }

  /** What was given, for an identity of which no consent is known. */
  Optional<Consent> of(Identity person) {
    return person.consent().isEmpty()
        ? Optional.ofNullable(text).map(Consent::of)
        : Optional.empty();
  }
}
