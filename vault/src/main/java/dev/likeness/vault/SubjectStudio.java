package dev.likeness.vault;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.GeneratedImage;
import dev.likeness.diffusion.Purpose;
import dev.likeness.diffusion.error.CancelledException;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.io.AtomicFile;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.request.ProgressEvent;
import dev.likeness.headshots.HeadshotStudio;
import dev.likeness.headshots.TrainingRequest;
import dev.likeness.headshots.person.PersonProfile;
import dev.likeness.headshots.shoot.Shoot;
import dev.likeness.headshots.shoot.ShootRequest;
import dev.likeness.lora.TrainedPerson;
import dev.likeness.photos.PhotoReview;
import dev.likeness.photos.PhotoSet;
import dev.likeness.photos.ReviewOptions;
import dev.likeness.photos.ReviewTools;
import dev.likeness.photos.decode.DecodeLimits;
import dev.likeness.photos.quality.Verdict;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Runs a headshot studio on subjects of a store: adds photos, trains the person and generates
 * headshots. All data stays in the encrypted folders of the subject. Erasing the subject stops the
 * work within a step. Immutable and thread-safe.
 */
public final class SubjectStudio {
  private static final String PERSON = "person.safetensors";
  // Converter programs are off, because they would read the photo from a temporary file.
  private static final ReviewOptions IN_MEMORY =
      ReviewOptions.defaults().withDecodeLimits(DecodeLimits.DEFAULT.withoutPrograms());
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
   * Returns a studio for subjects. It uses {@link GeneratedImage.Marking#load()} to mark headshots,
   * and the built-in tools for faces.
   *
   * @param base the base model that {@code studio} was created with
   * @param studio the studio that trains and generates
   * @return the studio for subjects
   */
  public static SubjectStudio on(BaseModel base, HeadshotStudio studio) {
    return new SubjectStudio(base, studio, GeneratedImage.Marking.load(), null, null);
  }

  /**
   * Returns a copy with another marking of headshots.
   *
   * @param other marks headshots as generated
   * @return the copy
   */
  public SubjectStudio marking(GeneratedImage.Marking other) {
    return new SubjectStudio(base, studio, other, tools, shown);
  }

  /**
   * Returns a copy with other tools for faces. With an embedder, the person file records face
   * embeddings, and the likeness of headshots is measured.
   *
   * @param others the tools for faces; the caller closes them
   * @return the copy
   */
  public SubjectStudio tools(ReviewTools others) {
    return new SubjectStudio(
        base, others.embedder().map(studio::embedder).orElse(studio), marking, others, shown);
  }

  /**
   * Returns a copy that trains on the person in one photo. Its {@link #tools} need an embedder.
   *
   * @param photo the name of an added photo, which shows the person
   * @return the copy
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
        PhotoSet photos = PhotoSet.from(subject.folder(DataCategory.PHOTOS));
        PhotoReview whole = withTools(with -> PhotoReview.of(photos, with, IN_MEMORY));
        PhotoReview review = shown == null ? whole : whole.withPerson(shown);
        reportRejected(review, progress);
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
   * Stores a person that was trained outside the store. With it, a program can train while the
   * store is closed. The program must then delete its own photos and training states.
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

  /** Reports rejected photos, since the review itself is not returned. */
  private static void reportRejected(PhotoReview review, Progress progress) {
    Stream<String> rejected = review.photos().stream()
        .filter(photo -> photo.verdict() == Verdict.REJECT)
        .map(photo -> photo.name() + ": " + photo.worst().orElseThrow().message()
            + "; it is not used for training");
    String sum = review.accepted().size() + " of " + review.photos().size() + " photos can be used"
        + (review.isIdentityCompared() ? "" : "; identity was not compared");
    Stream.concat(rejected, Stream.of(sum))
        .forEach(text -> progress.onEvent(new ProgressEvent.Notice(text)));
  }

  /**
   * Generates headshots and crops them by style. Each finished headshot is stored at once, so it is
   * kept if the shoot stops or fails. Image numbers continue after those of earlier shoots. Each
   * shoot gets a new record: {@code record.json}, {@code record-041.json} and so on.
   *
   * @param stop cancels this work; erasing the subject cancels it too
   * @param subject the subject
   * @param request the styles and the number of headshots
   * @param progress receives every step and warnings
   * @return the headshots with their request
   * @throws InvalidInputException if the person has not been trained
   * @throws dev.likeness.diffusion.error.CancelledException if {@code stop} was requested or the
   *     subject is being erased
   * @throws SubjectErasedException if the subject was erased
   */
  public Shoot shoot(Subject subject, ShootRequest request, Progress progress, Cancellation stop) {
    return SubjectWork.callWhileRegistered(subject, stop, cancellation -> {
      try (TrainedPerson person = TrainedPerson.open(personFile(subject), base)) {
        // Files of earlier versions may lack a consent that the subject records.
        TrainedPerson known =
            person.consent().isEmpty() ? person.withConsent(subject.consent()) : person;
        return withTools(
            with -> shootIntoStore(subject, known, request, with, progress, cancellation));
      }
    });
  }

  private Shoot shootIntoStore(
      Subject subject,
      TrainedPerson person,
      ShootRequest request,
      ReviewTools with,
      Progress progress,
      Cancellation stop) {
    Path images = subject.folder(DataCategory.IMAGES);
    int count = request.styles().size() * request.count();
    int first = subject.imageNumbers().reserve(images, count);
    try {
      StoredShoot shoot = new StoredShoot(base, person, request, images, first, marking, with);
      studio.onHeadshot(shoot::add).shoot(person, request, progress, stop);
      return shoot.finish();
    } finally {
      subject.imageNumbers().release(first, count);
    }
  }

  /**
   * Returns the person file of a subject.
   *
   * @param subject the subject
   * @return a path in the encrypted folder of the subject
   * @throws InvalidInputException if the person has not been trained
   */
  public static Path personFile(Subject subject) {
    Path file = subject.folder(DataCategory.PERSON).resolve(PERSON);
    if (!Files.exists(file)) {
      throw new InvalidInputException(subject + " has not been trained; train on photos first");
    }
    return file;
  }

  private <T> T withTools(Function<ReviewTools, T> work) {
    if (tools != null) {
      return work.apply(tools);
    }
    try (ReviewTools builtIn = ReviewTools.builtIn()) {
      return work.apply(builtIn);
    }
  }

  /** Runs work on a subject that may be erased meanwhile. */
  static final class SubjectWork {
    private SubjectWork() {}

    /**
     * Runs long work with a cancellation that erasing the subject cancels too. Cancelling
     * {@code caller} also cancels the work; {@code caller} may be shared with other work.
     */
    static <T> T callWhileRegistered(
        Subject subject, Cancellation caller, Function<Cancellation, T> work) {
      Cancellation stop = caller.child();
      subject.workStarted(stop);
      try {
        return callUnlessErased(subject, () -> work.apply(stop));
      } finally {
        subject.workEnded(stop);
      }
    }

    /** Runs work and reports any failure on an erased subject as {@link SubjectErasedException}. */
    static <T> T callUnlessErased(Subject subject, Supplier<T> work) {
      try {
        return work.get();
      } catch (CancelledException e) {
        throw e;
      } catch (RuntimeException e) {
        throw subject.isErased() ? new SubjectErasedException(subject.id(), e) : e;
      }
    }
  }
}
