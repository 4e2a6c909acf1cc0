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
import dev.likeness.headshots.person.PersonProfile;
import dev.likeness.headshots.shoot.Shoot;
import dev.likeness.headshots.shoot.ShootRequest;
import dev.likeness.lora.TrainedPerson;
import dev.likeness.photos.PhotoReview;
import dev.likeness.photos.PhotoSet;
import dev.likeness.photos.PhotoVerdict;
import dev.likeness.photos.ReviewOptions;
import dev.likeness.photos.ReviewTools;
import dev.likeness.photos.decode.DecodeLimits;
import dev.likeness.photos.quality.Verdict;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * The studio's work on the subjects of a store: photos in, the person learnt, headshots drawn, with
 * everything kept in the subject and nothing anywhere else. Erasing the subject stops the work
 * within a step. Immutable, for any number of threads.
 */
public final class SubjectStudio {
  private static final String PERSON = "person.safetensors";
  // A program that converts a photo would read it from a temporary file.
  private static final ReviewOptions IN_MEMORY =
      ReviewOptions.defaults().withDecodeLimits(DecodeLimits.DEFAULT.withoutPrograms());

  private final BaseModel base;
  private final HeadshotStudio studio;
  private final GeneratedImage.Marking marking;
  private final ReviewTools tools;

  private SubjectStudio(
      BaseModel base, HeadshotStudio studio, GeneratedImage.Marking marking, ReviewTools tools) {
    this.base = base;
    this.studio = studio;
    this.marking = marking;
    this.tools = tools;
  }

  /**
   * The work of {@code studio}, which is on {@code base}, with
   * {@link GeneratedImage.Marking#load()} and the built-in tools.
   */
  public static SubjectStudio on(BaseModel base, HeadshotStudio studio) {
    return new SubjectStudio(base, studio, GeneratedImage.Marking.load(), null);
  }

  /** The same, with headshots marked in the application's way. */
  public SubjectStudio marking(GeneratedImage.Marking other) {
    return new SubjectStudio(base, studio, other, tools);
  }

  /**
   * The same, looking at faces with other tools, which stay the caller's to close; with an embedder
   * the person file keeps its vectors too, and headshots are judged by likeness.
   */
  public SubjectStudio tools(ReviewTools others) {
    return new SubjectStudio(
        base, others.embedder().map(studio::embedder).orElse(studio), marking, others);
  }

  /**
   * Takes a photo in; the same one under the same name once.
   *
   * @param name what the report calls it, its last 100 bytes without dots in front; of photos of
   *     one name the later ones are numbered, as in {@code selfie (2).jpg}
   * @throws dev.likeness.diffusion.ConsentException when the subject's consent does not cover it
   * @throws IllegalStateException while the subject is being learnt
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
   * Learns the person from the photos taken in and keeps the person file; photos and work then go,
   * as the retention policy says. A run that was stopped goes on where it was.
   *
   * @param progress hears of each photo that is rejected, too, by name
   * @param stop turned by the caller; erasing the subject stops this work alone
   * @throws dev.likeness.diffusion.error.CancelledException when it is turned
   * @throws IllegalStateException while the subject is being learnt by another call
   */
  public void train(Subject subject, Progress progress, Cancellation stop) {
    train(subject, PersonProfile.UNKNOWN, progress, stop);
  }

  /**
   * As above, for a person with a corrected profile.
   *
   * @param known how they look, as far as the user says; it is believed
   */
  public void train(Subject subject, PersonProfile known, Progress progress, Cancellation stop) {
    Consent consent = subject.consent();
    Consent.require(consent, Purpose.TRAINING);
    Consent.require(consent, Purpose.INTAKE);
    SubjectWork.callWhileRegistered(
        subject,
        stop,
        cancellation -> SubjectWork.callWithPhotos(subject, () -> {
          PhotoSet photos = PhotoSet.from(subject.folder(DataCategory.PHOTOS));
          PhotoReview review = withTools(with -> PhotoReview.of(photos, with, IN_MEMORY));
          reportRejected(review, progress);
          // What other photos or settings left behind goes with the rest of the work.
          Path state =
              studio.trainer().stateFile(subject.folder(DataCategory.TRAINING_STATES), review, known);
          try (TrainedPerson person =
              studio.trainer().train(review, consent, known, state, progress, cancellation)) {
            person.save(subject.folder(DataCategory.PERSON).resolve(PERSON));
          }
          subject.markTrained();
          return null;
        }));
  }

  /**
   * Stores a person that was trained outside the store, from photos that are not in it, as
   * {@link #train} stores its result. So a program can train with the store closed, which other
   * processes open then; photos and states that it keeps meanwhile are its own to remove.
   *
   * @throws dev.likeness.diffusion.ConsentException when the subject's consent does not cover
   *     learning
   * @throws IllegalStateException while the subject is being learnt here
   */
  public static void savePerson(Subject subject, TrainedPerson person) {
    Consent.require(subject.consent(), Purpose.TRAINING);
    SubjectWork.callUnlessErased(subject, () -> {
      person.save(subject.folder(DataCategory.PERSON).resolve(PERSON));
      subject.markPurposeMet();
      return null;
    });
  }

  /** Nobody else is shown the review. */
  private static void reportRejected(PhotoReview review, Progress progress) {
    List<PhotoVerdict> rejected = review.photos().stream()
        .filter(photo -> photo.verdict() == Verdict.REJECT)
        .toList();
    rejected.forEach(photo -> progress.onEvent(new ProgressEvent.Notice(
        photo.name() + ": " + photo.worst().orElseThrow().message() + "; it is not learnt from")));
    if (!rejected.isEmpty()) {
      progress.onEvent(new ProgressEvent.Notice(
          review.accepted().size() + " of " + review.photos().size() + " photos can be used"));
    }
  }

  /**
   * Draws headshots, cropped as their styles say, and keeps each with their record as it is drawn:
   * a shoot that is stopped or fails leaves what it had finished. In the end the record says in
   * what each departs from the photos. Their numbers go on after those of earlier shoots, whose
   * images and records stay: {@code record.json}, {@code record-041.json} and so on.
   *
   * @param stop turned by the caller; erasing the subject stops this work alone
   * @throws InvalidInputException when the person has not been learnt
   */
  public Shoot shoot(Subject subject, ShootRequest request, Progress progress, Cancellation stop) {
    return SubjectWork.callWhileRegistered(subject, stop, cancellation -> {
      try (TrainedPerson person = TrainedPerson.open(personFile(subject), base)) {
        // Files of earlier versions may say nothing of what the subject's own record says.
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
   * The person file of a subject.
   *
   * @throws InvalidInputException when the person has not been learnt
   */
  public static Path personFile(Subject subject) {
    Path file = subject.folder(DataCategory.PERSON).resolve(PERSON);
    if (!Files.exists(file)) {
      throw new InvalidInputException(
          subject + " has not been learnt; learn them from photos first");
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

  /** Work on a subject who may be erased meanwhile. */
  static final class SubjectWork {
    private SubjectWork() {}

    /**
     * Work that takes long, with a switch that erasing the subject turns, too: {@code caller} may
     * be other work's as well.
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

    /** Work on the photos, by one at a time. */
    static <T> T callWithPhotos(Subject subject, Supplier<T> work) {
      subject.claimPhotos();
      try {
        return work.get();
      } finally {
        subject.releasePhotos();
      }
    }

    /** Whatever fails on an erased subject does so because its files went away, and says that. */
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
