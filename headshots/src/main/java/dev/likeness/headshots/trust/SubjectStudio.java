package dev.likeness.headshots.trust;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.Cancelled;
import dev.likeness.diffusion.error.UnusableInput;
import dev.likeness.diffusion.io.AtomicFile;
import dev.likeness.diffusion.progress.Cancellation;
import dev.likeness.diffusion.progress.Progress;
import dev.likeness.headshots.Consent;
import dev.likeness.headshots.Headshot;
import dev.likeness.headshots.HeadshotStudio;
import dev.likeness.headshots.Purpose;
import dev.likeness.headshots.Shoot;
import dev.likeness.headshots.ShootRecord;
import dev.likeness.headshots.ShootRequest;
import dev.likeness.headshots.provenance.Disclosure;
import dev.likeness.lora.TrainedPerson;
import dev.likeness.photos.PhotoReview;
import dev.likeness.photos.PhotoSet;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Function;

/**
 * The studio's work on the subjects of a store: photos in, the person learnt, headshots drawn, with everything kept in
 * the subject and nothing anywhere else. Erasing the subject stops the work within a step. Immutable, for any number of
 * threads.
 */
public final class SubjectStudio {
  private static final String PERSON = "person.safetensors";
  private static final String STATE = "training.safetensors";
  private static final String RECORD = "record.json";

  private final BaseModel base;
  private final HeadshotStudio studio;
  private final Disclosure disclosure;

  private SubjectStudio(BaseModel base, HeadshotStudio studio, Disclosure disclosure) {
    this.base = base;
    this.studio = studio;
    this.disclosure = disclosure;
  }

  /** The work of {@code studio}, which is on {@code base}, disclosed in the standard way. */
  public static SubjectStudio on(BaseModel base, HeadshotStudio studio) {
    return new SubjectStudio(base, studio, Disclosure.standard());
  }

  /** The same, with pictures disclosed in the application's way. */
  public SubjectStudio disclosure(Disclosure other) {
    return new SubjectStudio(base, studio, other);
  }

  /**
   * Takes a photo in.
   *
   * @param name what the report calls it; at most 100 characters count
   * @throws dev.likeness.headshots.ConsentRefused when the subject's consent does not cover it
   */
  public void add(Subject subject, String name, byte[] photo) {
    Consent.require(subject.consent(), Purpose.INTAKE);
    subject.photosCame();
    String last = name.substring(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1);
    Path file = subject.folder(Holding.PHOTOS).resolve(last.substring(Math.max(0, last.length() - 100)));
    AtomicFile.write(file, out -> out.write(photo));
  }

  /**
   * Learns the person from the photos taken in and keeps the person file; photos and work then go, as the retention
   * policy says. A run that was stopped goes on where it was.
   *
   * @param stop turned by the caller, or here when the subject is erased
   * @throws dev.likeness.diffusion.error.Cancelled when it is turned
   */
  public void learn(Subject subject, Progress progress, Cancellation stop) {
    Consent consent = subject.consent();
    Consent.require(consent, Purpose.TRAINING);
    during(subject, stop, cancellation -> {
      PhotoReview review = HeadshotStudio.review(PhotoSet.from(subject.folder(Holding.PHOTOS)), consent);
      Path state = subject.folder(Holding.WORK).resolve(STATE);
      try (TrainedPerson person = studio.learn(review, consent, state, progress, cancellation)) {
        person.save(subject.folder(Holding.PERSON).resolve(PERSON));
      }
      subject.purposeMet();
      return null;
    });
  }

  /**
   * Draws headshots and keeps them with their record.
   *
   * @param stop turned by the caller, or here when the subject is erased
   * @throws UnusableInput when the person has not been learnt
   */
  public Shoot shoot(Subject subject, ShootRequest request, Progress progress, Cancellation stop) {
    return during(subject, stop, cancellation -> {
      try (TrainedPerson person = TrainedPerson.open(personFile(subject), base)) {
        Shoot shoot = studio.shoot(person, request, progress, cancellation);
        Path pictures = subject.folder(Holding.PICTURES);
        for (int i = 0; i < shoot.headshots().size(); i++) {
          shoot.headshots().get(i).writePng(pictures.resolve(Headshot.fileName(i)), disclosure);
        }
        ShootRecord.of(base, person, shoot).write(pictures.resolve(RECORD));
        return shoot;
      }
    });
  }

  /**
   * The person file of a subject.
   *
   * @throws UnusableInput when the person has not been learnt
   */
  public static Path personFile(Subject subject) {
    Path file = subject.folder(Holding.PERSON).resolve(PERSON);
    if (!Files.exists(file)) {
      throw new UnusableInput(subject + " has not been learnt; learn them from photos first");
    }
    return file;
  }

  private static <T> T during(Subject subject, Cancellation stop, Function<Cancellation, T> work) {
    subject.begin(stop);
    try {
      return work.apply(stop);
    } catch (Cancelled e) {
      throw e;
    } catch (RuntimeException e) {
      // Whatever failed did so because its files went away.
      throw subject.isErased() ? new SubjectErased(subject.id(), e) : e;
    } finally {
      subject.ended(stop);
    }
  }
}
