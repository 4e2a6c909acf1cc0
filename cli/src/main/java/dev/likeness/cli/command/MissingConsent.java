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
 * The consent for a stored person whose file has none, such as files of other programs and of
 * earlier versions.
 *
 * @param text the consent text: who agreed to what; null if not given
 */
record MissingConsent(String text) {
  /** Refuses a consent for a person whose files or store record one. */
  void requireMissing(VaultOptions store, Path... files) {
    if (text != null
        && (store.isGiven() || Stream.of(files).noneMatch(MissingConsent::lacksConsent))) {
      throw new IllegalArgumentException(
          "--consent is for photos and for people whose file has no consent; the file or store of this"
              + " person has one: leave --consent out");
    }
  }

  private static boolean lacksConsent(Path file) {
    try {
      return SafetensorsHeader.read(file)
          .metadata()
          .getOrDefault(TrainedPerson.CONSENT_KEY, "")
          .isBlank();
    } catch (InvalidInputException e) {
      // An unreadable file is reported when it is opened.
      return false;
    }
  }

  /** Returns the given consent if the identity has none. */
  Optional<Consent> of(Identity person) {
    return person.consent().isEmpty()
        ? Optional.ofNullable(text).map(Consent::of)
        : Optional.empty();
  }
}
