package dev.likeness.headshots;

import dev.likeness.diffusion.Consent;
import dev.likeness.headshots.person.PersonProfile;
import dev.likeness.photos.PhotoReview;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;

/**
 * A request to train a person, to encode the person for an adapter, or to choose reference images.
 * Immutable.
 *
 * @param review the reviewed photos
 * @param consent the person's consent; kept in the person's file
 * @param profile the traits that the user gave; they are not changed. Other traits are read from
 *     the photos. The person's file keeps all traits
 * @param stateFile the file in which a training saves its state, and from which a stopped training
 *     resumes; empty to save no state
 */
public record TrainingRequest(
    PhotoReview review, Consent consent, PersonProfile profile, Optional<Path> stateFile) {
  /**
   * Checks that neither profile nor state file is null.
   *
   * @throws NullPointerException if {@code profile} or {@code stateFile} is null
   */
  public TrainingRequest {
    Objects.requireNonNull(profile, "profile");
    Objects.requireNonNull(stateFile, "stateFile");
  }

  /**
   * {@return a request without known traits, whose training saves no state}
   *
   * @param review the reviewed photos
   * @param consent the person's consent
   */
  public static TrainingRequest of(PhotoReview review, Consent consent) {
    return new TrainingRequest(review, consent, PersonProfile.UNKNOWN, Optional.empty());
  }

  /**
   * {@return a copy of this request with traits that the user gave}
   *
   * @param known the traits
   */
  public TrainingRequest profile(PersonProfile known) {
    return new TrainingRequest(review, consent, known, stateFile);
  }

  /**
   * {@return a copy of this request whose training saves its state in the given file, and resumes
   * from this file}
   *
   * @param file the file, for example {@link PersonTrainer#stateFile}; it need not exist
   */
  public TrainingRequest stateFile(Path file) {
    return new TrainingRequest(review, consent, profile, Optional.of(file));
  }
}
