package dev.likeness.cli.command;

import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.Identity;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.SafetensorsHeader;
import dev.likeness.lora.LoraPerson;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * The options for the consent of a person: for photos, and for a person whose file has none, such
 * as files of other programs and of earlier versions.
 */
@Command(optionListHeading = "Photos and consent")
final class ConsentOptions {
  @Option(
      names = "--consent",
      paramLabel = "TEXT",
      description =
          "consent text: who agreed to what; it is stored with the person. Required for photos "
              + "other than the example photos, and for a person file without consent")
  private String text;

  @Option(
      names = "--consent-for",
      paramLabel = "NAME",
      description = "name of the person in the consent; people list shows it")
  private String person;

  @Option(
      names = "--consent-by",
      paramLabel = "NAME",
      description = "who gave the consent on behalf of the person, such as the guardian of a child "
          + "(default: the person)")
  private String giver;

  /** Returns the given consent, or empty. */
  Optional<Consent> consent() {
    if (text == null && (person != null || giver != null)) {
      throw new IllegalArgumentException(
          "--consent-for and --consent-by need --consent TEXT; give --consent, or leave them out");
    }
    return Optional.ofNullable(text)
        .map(Consent::of)
        .map(consent -> person == null ? consent : consent.person(person))
        .map(consent -> giver == null ? consent : consent.givenBy(giver));
  }

  /** Refuses a consent for a person whose files or store record one. */
  void requireMissing(VaultOptions store, Path... files) {
    if (consent().isPresent()
        && (store.isGiven() || Stream.of(files).noneMatch(ConsentOptions::lacksConsent))) {
      throw new IllegalArgumentException(
          "--consent is for photos and for people whose file has no consent; the file or store of "
              + "this person already has a consent: leave --consent out");
    }
  }

  private static boolean lacksConsent(Path file) {
    try {
      return SafetensorsHeader.read(file)
          .metadata()
          .getOrDefault(LoraPerson.CONSENT_KEY, "")
          .isBlank();
    } catch (InvalidInputException e) {
      // An unreadable file is reported when it is opened.
      return false;
    }
  }

  /** Returns the given consent if the identity has none. */
  Optional<Consent> of(Identity person) {
    return person.consent().isEmpty() ? consent() : Optional.empty();
  }
}
