package dev.likeness.vault;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.GeneratedImage;
import dev.likeness.diffusion.Purpose;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.io.AtomicFile;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.headshots.HeadshotStudio;
import dev.likeness.headshots.TrainingRequest;
import dev.likeness.headshots.person.ImagePerson;
import dev.likeness.headshots.person.PersonProfile;
import dev.likeness.headshots.person.ReferencePhotos;
import dev.likeness.headshots.shoot.Shoot;
import dev.likeness.headshots.shoot.ShootRequest;
import dev.likeness.lora.TrainedPerson;
import dev.likeness.photos.PhotoReview;
import dev.likeness.photos.ReviewTools;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Function;

/**
 * Runs a headshot studio on subjects of a store: adds photos, trains the person and generates
 * headshots. All data stays in the encrypted folders of the subject. Erasing the subject stops the
 * work within a step. Immutable and thread-safe.
 */
public final class SubjectStudio {
  static final String PERSON = "person.safetensors";
  private static final String REFERENCES = "references.safetensors";
  private final BaseModel base;
  private final HeadshotStudio studio;
  private final GeneratedImage.Marking marking;
  private final ReviewTools tools;
  private final String shown;

  private SubjectStudio(
      BaseModel base,
      HeadshotStudio studio,
      GeneratedImage.Marking marking,
      ReviewTools tools,
      String shown) {
    this.base = base;
    this.studio = studio;
    this.marking = marking;
    this.tools = tools;
    this.shown = shown;
  }

  /**
   * {@return a studio for subjects} It uses {@link GeneratedImage.Marking#load()} to mark
   * headshots, and the built-in tools for faces.
   *
   * @param base the base model that {@code studio} was created with
   * @param studio the studio that trains and generates
   */
  public static SubjectStudio on(BaseModel base, HeadshotStudio studio) {
    return new SubjectStudio(base, studio, GeneratedImage.Marking.load(), null, null);
  }

  /**
   * {@return a copy with another marking of headshots}
   *
   * @param other marks headshots as generated
   */
  public SubjectStudio marking(GeneratedImage.Marking other) {
    return new SubjectStudio(base, studio, other, tools, shown);
  }

  /**
   * {@return a copy with other tools for faces} With an embedder, the person file records face
   * embeddings, and the likeness of headshots is measured.
   *
   * @param others the tools for faces; the caller closes them
   */
  public SubjectStudio tools(ReviewTools others) {
    return new SubjectStudio(
        base, others.embedder().map(studio::embedder).orElse(studio), marking, others, shown);
  }

  /**
   * {@return a copy that trains on the person in one photo} This needs {@link #tools} with an
   * embedder.
   *
   * @param photo the name of an added photo, which shows the person
   */
  public SubjectStudio personIn(String photo) {
    return new SubjectStudio(base, studio, marking, tools, photo);
  }

  /**
   * Adds a photo. If the same photo was already added with the same name, nothing changes.
   *
   * @param name the name of the photo in reports, without leading dots and cut to its last 100
   *     bytes. Other photos with that name get a number, as in {@code selfie (2).jpg}
   * @param subject the subject
   * @param photo the bytes of an image file
   * @throws dev.likeness.diffusion.ConsentException if the subject's consent does not cover adding
   *     photos
   * @throws IllegalStateException while the subject is being trained
   * @throws SubjectErasedException if the subject was erased
   */
  public void add(Subject subject, String name, byte[] photo) {
    Consent.require(subject.consent(), Purpose.INTAKE);
    SubjectWork.callUnlessErased(subject, () -> {
      subject.addPhoto(() -> {
        subject.recordPhotos();
        Optional<Path> file =
            FileNames.of(name).findFree(subject.folder(DataCategory.PHOTOS), photo);
        file.ifPresent(free -> AtomicFile.write(free, out -> out.write(photo)));
      });
      return null;
    });
  }

  /**
   * Trains on the added photos and stores the person file. Photos and training states are then
   * removed if the retention policy demands it. A stopped training is resumed.
   *
   * @param progress receives every step, warnings and the name of each rejected photo
   * @param stop cancels this work; erasing the subject cancels it too
   * @param subject the subject
   * @throws dev.likeness.diffusion.error.CancelledException if {@code stop} was requested or the
   *     subject is being erased
   * @throws IllegalStateException while another call trains the subject
   * @throws dev.likeness.diffusion.ConsentException if the subject's consent does not cover
   *     training
   * @throws InvalidInputException if no photo can be used, or the photos show several people
   * @throws SubjectErasedException if the subject was erased
   */
  public void train(Subject subject, Progress progress, Cancellation stop) {
    train(subject, PersonProfile.UNKNOWN, progress, stop);
  }

  /**
   * Trains as {@link #train(Subject, Progress, Cancellation)} does, with traits that the user
   * gives.
   *
   * @param known traits of the person, such as glasses; they replace measured traits
   * @param subject the subject
   * @param progress receives every step, warnings and the name of each rejected photo
   * @param stop cancels this work; erasing the subject cancels it too
   * @throws dev.likeness.diffusion.ConsentException if the subject's consent does not cover
   *     training
   * @throws dev.likeness.diffusion.error.CancelledException if {@code stop} was requested or the
   *     subject is being erased
   * @throws IllegalStateException while another call trains the subject
   * @throws SubjectErasedException if the subject was erased
   */
  public void train(Subject subject, PersonProfile known, Progress progress, Cancellation stop) {
    Consent consent = Consent.require(subject.consent(), Purpose.TRAINING);
    Consent.require(consent, Purpose.INTAKE);
    SubjectWork.callWhileRegistered(subject, stop, cancellation -> {
      subject.claimPhotos();
      try {
        PhotoReview review = withTools(with -> SubjectWork.review(subject, with, shown, progress));
        // States of other photos or settings are deleted with the training states.
        Path states = subject.folder(DataCategory.TRAINING_STATES);
        Path state = studio.trainer().stateFile(states, review, known);
        TrainingRequest ask = TrainingRequest.of(review, consent).profile(known).stateFile(state);
        try (TrainedPerson person = studio.trainer().train(ask, progress, cancellation)) {
          person.save(subject.folder(DataCategory.PERSON).resolve(PERSON));
        }
        subject.markTrained();
        return null;
      } finally {
        subject.releasePhotos();
      }
    });
  }

  /**
   * Chooses added photos as reference images for a base that edits images, and stores them in place
   * of earlier ones. The stored images are parts of the photos and stay until the subject is
   * erased. The photos are then removed if the retention policy demands it, as after training.
   *
   * @param subject the subject
   * @param choice how photos are chosen and cropped
   * @param known traits of the person, such as glasses
   * @param progress receives warnings and the name of each rejected photo
   * @param stop cancels this work; erasing the subject cancels it too
   * @throws dev.likeness.diffusion.ConsentException if the consent does not cover headshots
   * @throws IllegalStateException while another call trains the subject
   * @throws InvalidInputException if the base does not edit images, no photo can be used, or the
   *     photos show several people
   * @throws SubjectErasedException if the subject was erased
   */
  public void chooseReferences(
      Subject subject,
      ReferencePhotos choice,
      PersonProfile known,
      Progress progress,
      Cancellation stop) {
    Consent consent = subject.consent();
    Consent.require(consent, Purpose.HEADSHOTS);
    Consent.require(consent, Purpose.INTAKE);
    SubjectWork.callWhileRegistered(subject, stop, cancellation -> {
      subject.claimPhotos();
      try {
        studio
            .trainer()
            .imagePerson(
                TrainingRequest.of(
                        withTools(with -> SubjectWork.review(subject, with, shown, progress)),
                        consent)
                    .profile(known),
                choice,
                progress,
                cancellation)
            .save(subject.folder(DataCategory.PERSON).resolve(REFERENCES));
        subject.markTrained();
        return null;
      } finally {
        subject.releasePhotos();
      }
    });
  }

  /**
   * Stores reference images that were chosen outside the store. Then delete your own photos.
   *
   * @param subject the subject
   * @param person the person; a LoRA of the person is not stored
   * @throws dev.likeness.diffusion.ConsentException if the consent does not cover headshots
   * @throws IllegalStateException while this process trains the subject
   */
  public static void saveReferences(Subject subject, ImagePerson person) {
    Consent.require(subject.consent(), Purpose.HEADSHOTS);
    SubjectWork.callUnlessErased(subject, () -> {
      person.save(subject.folder(DataCategory.PERSON).resolve(REFERENCES));
      subject.markPurposeFulfilled();
      return null;
    });
  }

  /**
   * Stores a person that was trained outside the store. A program can thus train while the store is
   * closed. The program must then delete its own photos and training states.
   *
   * @param subject the subject
   * @param person the trained person; the caller closes it
   * @throws dev.likeness.diffusion.ConsentException if the subject's consent does not cover
   *     training
   * @throws IllegalStateException while this process trains the subject
   */
  public static void savePerson(Subject subject, TrainedPerson person) {
    Consent.require(subject.consent(), Purpose.TRAINING);
    SubjectWork.callUnlessErased(subject, () -> {
      person.save(subject.folder(DataCategory.PERSON).resolve(PERSON));
      subject.markPurposeFulfilled();
      return null;
    });
  }

  /**
   * Generates headshots and crops them by style. A base that edits images uses the subject's
   * reference images, if there are any, with the LoRA if the person was trained too. Each finished
   * headshot is stored at once, so it is kept if the shoot stops or fails. Image numbers continue
   * after those of earlier shoots. Each shoot gets a new record: {@code record.json},
   * {@code record-041.json} and so on.
   *
   * @param stop cancels this work; erasing the subject cancels it too
   * @param subject the subject
   * @param request the styles and the number of headshots
   * @param progress receives every step and warnings
   * @return the headshots with their request
   * @throws InvalidInputException if the person has not been trained, and has no reference images
   *     that the base takes
   * @throws dev.likeness.diffusion.error.CancelledException if {@code stop} was requested or the
   *     subject is being erased
   * @throws SubjectErasedException if the subject was erased
   */
  public Shoot shoot(Subject subject, ShootRequest request, Progress progress, Cancellation stop) {
    return SubjectWork.callWhileRegistered(
        subject,
        stop,
        cancellation -> withTools(with -> StoredShoot.generate(
            studio, base, subject, request, marking, with, progress, cancellation)));
  }

  /**
   * {@return the path of the person file in the encrypted folder of the subject}
   *
   * @param subject the subject
   * @throws InvalidInputException if the person has not been trained
   */
  public static Path personFile(Subject subject) {
    Path file = subject.folder(DataCategory.PERSON).resolve(PERSON);
    if (!Files.exists(file)) {
      throw new InvalidInputException(subject + " has not been trained; train on photos first");
    }
    return file;
  }

  /**
   * {@return the person by the stored reference images; empty if none are stored, or the base does
   * not edit images}
   *
   * @param subject the subject
   * @param base the base that takes the images
   * @throws InvalidInputException if the file is broken
   */
  public static Optional<ImagePerson> findReferences(Subject subject, BaseModel base) {
    return Optional.of(subject.folder(DataCategory.PERSON).resolve(REFERENCES))
        .filter(file -> Files.exists(file) && ReferencePhotos.isEditing(base))
        .map(file -> ImagePerson.open(file, base));
  }

  private <T> T withTools(Function<ReviewTools, T> work) {
    if (tools != null) {
      return work.apply(tools);
    }
    try (ReviewTools builtIn = ReviewTools.builtIn()) {
      return work.apply(builtIn);
    }
  }
}
