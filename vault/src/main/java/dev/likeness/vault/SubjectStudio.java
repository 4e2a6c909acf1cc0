package dev.likeness.vault;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.GeneratedImage;
import dev.likeness.diffusion.Purpose;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.internal.io.AtomicFile;
import dev.likeness.diffusion.request.Run;
import dev.likeness.headshots.HeadshotStudio;
import dev.likeness.headshots.TrainingRequest;
import dev.likeness.headshots.person.IpAdapterPerson;
import dev.likeness.headshots.person.PersonProfile;
import dev.likeness.headshots.person.ReferenceImagesPerson;
import dev.likeness.headshots.person.ReferencePhotos;
import dev.likeness.headshots.shoot.Headshot;
import dev.likeness.headshots.shoot.HeadshotEdit;
import dev.likeness.headshots.shoot.Shoot;
import dev.likeness.headshots.shoot.ShootRequest;
import dev.likeness.ipadapter.PersonAdapter;
import dev.likeness.lora.LoraPerson;
import dev.likeness.photos.ReviewTools;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * Runs a headshot studio on subjects of a store: adds photos, trains the person and generates
 * headshots. All data stays in the encrypted folders of the subject. Erasing the subject stops the
 * work within one step of training or sampling. Methods on an erased subject throw
 * {@link SubjectErasedException}. Immutable and thread-safe.
 */
public final class SubjectStudio {
  static final String PERSON = "person.safetensors";
  private static final String REFERENCES = "person-references.safetensors";
  private static final String ENCODED = "person-ipadapter.safetensors";
  // The name in stores of earlier versions.
  private static final String FORMER_REFERENCES = "references.safetensors";
  private final Setup setup;

  private record Setup(
      BaseModel base,
      HeadshotStudio studio,
      GeneratedImage.Marking marking,
      Optional<ReviewTools> tools,
      Optional<String> photo,
      PersonProfile profile,
      Shown shown) {
    Setup shown(Shown other) {
      return new Setup(base, studio, marking, tools, photo, profile, other);
    }
  }

  /**
   * How a subject is shown.
   *
   * @param adapter the adapter that encodes photos; empty to use the LoRA or reference images
   * @param settings changes the person of the adapter
   * @param hasLora true to use the LoRA of a trained subject beside encoded photos or references
   */
  record Shown(
      Optional<PersonAdapter> adapter, UnaryOperator<IpAdapterPerson> settings, boolean hasLora) {
    static final Shown DEFAULT = new Shown(Optional.empty(), UnaryOperator.identity(), true);
  }

  private SubjectStudio(Setup setup) {
    this.setup = setup;
  }

  /**
   * {@return a studio for subjects} It uses {@link GeneratedImage.Marking#load()} to mark
   * headshots, and {@link ReviewTools#builtIn()} for faces.
   *
   * @param base the base model that {@code studio} was created with
   * @param studio the studio that trains and generates
   */
  public static SubjectStudio on(BaseModel base, HeadshotStudio studio) {
    GeneratedImage.Marking marking = GeneratedImage.Marking.load();
    return new SubjectStudio(new Setup(
        base,
        studio,
        marking,
        Optional.empty(),
        Optional.empty(),
        PersonProfile.UNKNOWN,
        Shown.DEFAULT));
  }

  /**
   * {@return a copy of this studio with the given marking of headshots}
   *
   * @param other marks headshots as generated
   */
  public SubjectStudio marking(GeneratedImage.Marking other) {
    return new SubjectStudio(new Setup(
        setup.base, setup.studio, other, setup.tools, setup.photo, setup.profile, setup.shown));
  }

  /**
   * {@return a copy of this studio with the given tools for faces} If the tools include an
   * embedder, the person file records face embeddings, and the likeness of headshots is measured.
   *
   * @param others the tools for faces; the caller closes them
   * @throws IllegalArgumentException if the studio's face guidance uses this embedder
   */
  public SubjectStudio tools(ReviewTools others) {
    HeadshotStudio studio = others.embedder().map(setup.studio::embedder).orElse(setup.studio);
    return new SubjectStudio(new Setup(
        setup.base,
        studio,
        setup.marking,
        Optional.of(others),
        setup.photo,
        setup.profile,
        setup.shown));
  }

  /**
   * {@return a copy of this studio that uses only photos of one person} This selection needs
   * {@link #tools} with an embedder.
   *
   * @param photo the name of an added photo that shows this person
   */
  public SubjectStudio personIn(String photo) {
    return new SubjectStudio(new Setup(
        setup.base,
        setup.studio,
        setup.marking,
        setup.tools,
        Optional.of(photo),
        setup.profile,
        setup.shown));
  }

  /**
   * {@return a copy of this studio that uses the given traits to train and to choose references}
   *
   * @param traits traits of the person, such as glasses; they replace measured traits
   */
  public SubjectStudio profile(PersonProfile traits) {
    return new SubjectStudio(new Setup(
        setup.base, setup.studio, setup.marking, setup.tools, setup.photo, traits, setup.shown));
  }

  /**
   * {@return a copy of this studio that shows subjects by photos that an adapter encoded}
   * {@link #encodePhotos(Subject, Run)} encodes the photos. Headshots and edits then use them. If
   * the subject was also trained, the LoRA is used too, unless {@link #withoutLora} is called.
   *
   * @param other an adapter of the base; the caller closes it after the last call
   * @param settings changes each person of the adapter, for example {@code person ->
   *     person.withControl(keypoints)}
   */
  public SubjectStudio adapter(PersonAdapter other, UnaryOperator<IpAdapterPerson> settings) {
    return new SubjectStudio(
        setup.shown(new Shown(Optional.of(other), settings, setup.shown.hasLora)));
  }

  /**
   * {@return a copy of this studio that shows subjects by encoded photos or reference images alone}
   * A LoRA of the subject is kept, but not used.
   */
  public SubjectStudio withoutLora() {
    return new SubjectStudio(
        setup.shown(new Shown(setup.shown.adapter, setup.shown.settings, false)));
  }

  /**
   * Adds a photo. If the same photo was already added with the same name, it is not stored again.
   *
   * @param subject the subject
   * @param name the name of the photo in reports. Folders and leading dots are removed, and only
   *     the last 100 bytes are kept. If another photo has this name, a number is added, as in
   *     {@code selfie (2).jpg}
   * @param photo the bytes of an image file
   * @throws dev.likeness.diffusion.ConsentException if the subject's consent does not cover adding
   *     photos
   * @throws IllegalStateException while the subject is trained or its reference images are chosen
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
   * Trains on the added photos, and reports no progress. The method throws the exceptions of
   * {@link #train(Subject, Run)}.
   *
   * @param subject the subject
   */
  public void train(Subject subject) {
    train(subject, Run.silent());
  }

  /**
   * Trains on the added photos and stores the person file. If the retention policy demands it,
   * photos and training states are then removed. A stopped training is resumed.
   *
   * @param subject the subject
   * @param run receives progress, and stops the work if it is cancelled
   * @throws dev.likeness.diffusion.error.CancelledException if {@code cancellation} was requested,
   *     the subject is erased or the store is closed
   * @throws IllegalStateException while another call trains the subject or chooses its references
   * @throws dev.likeness.diffusion.ConsentException if the subject's consent does not cover
   *     training and adding photos
   * @throws InvalidInputException if no photo can be used, it is unclear which of several people to
   *     train, or the person of {@link #personIn} is not found
   */
  public void train(Subject subject, Run run) {
    Consent consent = Consent.require(subject.consent(), Purpose.TRAINING);
    Consent.require(consent, Purpose.INTAKE);
    SubjectWork.callWithPhotos(subject, setup.tools, setup.photo, run, (review, stop) -> {
      // States of other photos or settings are deleted with the training states.
      Path states = subject.folder(DataCategory.TRAINING_STATES);
      Path state = setup.studio.trainer().stateFile(states, review, setup.profile);
      TrainingRequest ask =
          TrainingRequest.of(review, consent).profile(setup.profile).stateFile(state);
      try (LoraPerson person = setup.studio.trainer().train(ask, new Run(run.progress(), stop))) {
        person.save(subject.folder(DataCategory.PERSON).resolve(PERSON));
      }
    });
  }

  /**
   * Chooses and stores reference images, and reports no progress. The method throws the exceptions
   * of {@link #chooseReferences(Subject, ReferencePhotos, Run)}.
   *
   * @param subject the subject
   * @param choice how photos are chosen and cropped
   */
  public void chooseReferences(Subject subject, ReferencePhotos choice) {
    chooseReferences(subject, choice, Run.silent());
  }

  /**
   * Chooses added photos as reference images for a base that edits images, and stores them in place
   * of earlier reference images. The stored images are parts of the photos and stay until the
   * subject is erased. If the retention policy demands it, the photos are then removed, as after
   * training.
   *
   * @param subject the subject
   * @param choice how photos are chosen and cropped
   * @param run receives progress, and stops the work if it is cancelled
   * @throws dev.likeness.diffusion.ConsentException if the consent does not cover headshots and
   *     adding photos
   * @throws dev.likeness.diffusion.error.CancelledException if {@code cancellation} was requested,
   *     the subject is erased or the store is closed
   * @throws IllegalStateException while another call trains the subject or chooses its references
   * @throws InvalidInputException if the base does not edit images, no photo can be used, it is
   *     unclear which of several people is meant, or the person of {@link #personIn} is not found
   */
  public void chooseReferences(Subject subject, ReferencePhotos choice, Run run) {
    Consent consent = subject.consent();
    Consent.require(consent, Purpose.HEADSHOTS);
    Consent.require(consent, Purpose.INTAKE);
    SubjectWork.callWithPhotos(subject, setup.tools, setup.photo, run, (review, stop) -> {
      TrainingRequest ask = TrainingRequest.of(review, consent).profile(setup.profile);
      save(
          setup.studio.trainer().referenceImagesPerson(ask, choice, new Run(run.progress(), stop)),
          subject);
    });
  }

  /**
   * Encodes the added photos for the adapter, and reports no progress. The method throws the
   * exceptions of {@link #encodePhotos(Subject, Run)}.
   *
   * @param subject the subject
   */
  public void encodePhotos(Subject subject) {
    encodePhotos(subject, Run.silent());
  }

  /**
   * Encodes the added photos for the adapter, and stores the embeddings in place of earlier ones.
   * They are a model of the face, and stay until the subject is erased. If the retention policy
   * demands it, the photos are then removed, as after training.
   *
   * @param subject the subject
   * @param run receives progress, and stops the work if it is cancelled
   * @throws dev.likeness.diffusion.ConsentException if the consent does not cover training and
   *     adding photos
   * @throws dev.likeness.diffusion.error.CancelledException if {@code cancellation} was requested,
   *     the subject is erased or the store is closed
   * @throws IllegalStateException if {@link #adapter} was not called, or while another call trains
   *     the subject or encodes its photos
   * @throws InvalidInputException if no photo can be used, it is unclear which of several people is
   *     meant, or the person of {@link #personIn} is not found
   */
  public void encodePhotos(Subject subject, Run run) {
    PersonAdapter adapter = setup.shown.adapter.orElseThrow(
        () -> new IllegalStateException("no adapter encodes the photos; call adapter before"));
    Consent consent = Consent.require(subject.consent(), Purpose.TRAINING);
    Consent.require(consent, Purpose.INTAKE);
    SubjectWork.callWithPhotos(subject, setup.tools, setup.photo, run, (review, stop) -> {
      TrainingRequest ask = TrainingRequest.of(review, consent).profile(setup.profile);
      setup
          .studio
          .trainer()
          .ipAdapterPerson(ask, adapter, new Run(run.progress(), stop))
          .save(subject.folder(DataCategory.PERSON).resolve(ENCODED));
    });
  }

  /**
   * Stores reference images that were chosen outside the store. The calling program must then
   * delete its own copies of the photos.
   *
   * @param subject the subject
   * @param person the person; a LoRA of the person is not stored
   * @throws dev.likeness.diffusion.ConsentException if the consent does not cover headshots
   * @throws IllegalStateException while this process trains the subject or chooses its references
   */
  public static void saveReferences(Subject subject, ReferenceImagesPerson person) {
    Consent.require(subject.consent(), Purpose.HEADSHOTS);
    SubjectWork.callUnlessErased(subject, () -> {
      save(person, subject);
      subject.markPurposeFulfilled();
      return null;
    });
  }

  /**
   * Stores a person whose photos an adapter encoded outside the store. The calling program must
   * then delete its own copies of the photos.
   *
   * @param subject the subject
   * @param person the person; a LoRA of the person is not stored
   * @throws dev.likeness.diffusion.ConsentException if the consent does not cover training
   * @throws IllegalStateException while this process trains the subject or encodes its photos
   */
  public static void saveEncoded(Subject subject, IpAdapterPerson person) {
    Consent.require(subject.consent(), Purpose.TRAINING);
    SubjectWork.callUnlessErased(subject, () -> {
      person.save(subject.folder(DataCategory.PERSON).resolve(ENCODED));
      subject.markPurposeFulfilled();
      return null;
    });
  }

  private static void save(ReferenceImagesPerson person, Subject subject) {
    Path folder = subject.folder(DataCategory.PERSON);
    person.save(folder.resolve(REFERENCES));
    try {
      Files.deleteIfExists(folder.resolve(FORMER_REFERENCES));
    } catch (IOException e) {
      throw new ResourceLimitException(
          "cannot delete the earlier reference images of " + subject + ": " + Quoted.reason(e)
              + "; erase the subject, or try again",
          e);
    }
  }

  /**
   * Stores a person that was trained outside the store. A program can thus train while the store is
   * closed. The program must then delete its own copies of the photos, and its training states.
   *
   * @param subject the subject
   * @param person the trained person; the caller closes it
   * @throws dev.likeness.diffusion.ConsentException if the subject's consent does not cover
   *     training
   * @throws IllegalStateException while this process trains the subject or chooses its references
   */
  public static void savePerson(Subject subject, LoraPerson person) {
    Consent.require(subject.consent(), Purpose.TRAINING);
    SubjectWork.callUnlessErased(subject, () -> {
      person.save(subject.folder(DataCategory.PERSON).resolve(PERSON));
      subject.markPurposeFulfilled();
      return null;
    });
  }

  /**
   * {@return new headshots} The method reports no progress. It throws the exceptions of
   * {@link #shoot(Subject, ShootRequest, Run)}.
   *
   * @param subject the subject
   * @param request the styles and the number of headshots
   */
  public Shoot shoot(Subject subject, ShootRequest request) {
    return shoot(subject, request, Run.silent());
  }

  /**
   * Generates headshots and crops them by style. If the base edits images and the subject has
   * reference images, these images are used. If the person was also trained, the LoRA is used too.
   * Each finished headshot is stored at once, so it is kept if the shoot stops or fails. Image
   * numbers continue after those of earlier shoots. Each shoot gets a new record. The first is
   * {@code record.json}; a later one has the number of its first image, as in
   * {@code record-041.json}.
   *
   * @param subject the subject
   * @param request the styles and the number of headshots
   * @param run receives progress, and stops the work if it is cancelled
   * @return the headshots with their request
   * @throws dev.likeness.diffusion.ConsentException if the consent does not cover headshots
   * @throws InvalidInputException if the base cannot serve the request; or if the person has not
   *     been trained and has no reference images that the base accepts; or if {@link #adapter} was
   *     called and no photos were encoded
   * @throws dev.likeness.diffusion.error.CancelledException if {@code cancellation} was requested,
   *     the subject is erased or the store is closed
   */
  public Shoot shoot(Subject subject, ShootRequest request, Run run) {
    return SubjectWork.callWhileRegistered(
        subject,
        run.cancellation(),
        stop -> withPerson(
            subject,
            person -> SubjectWork.withTools(
                setup.tools,
                with -> StoredShoot.generate(
                    setup.studio,
                    setup.base,
                    person,
                    subject,
                    request,
                    setup.marking,
                    with,
                    new Run(run.progress(), stop)))));
  }

  /**
   * {@return the headshot before and after an edit, without progress and cancellation} Nothing is
   * stored.
   *
   * @param subject the subject
   * @param headshot a headshot of the subject
   * @param edit the changes
   * @throws dev.likeness.diffusion.ConsentException if the consent does not cover headshots
   * @throws InvalidInputException if the person has not been trained and has no reference images
   *     that the base accepts, no face is found, or the mask has another size than the headshot
   */
  public HeadshotEdit.Result edit(Subject subject, Headshot headshot, HeadshotEdit edit) {
    return edit(subject, headshot, edit, Run.silent());
  }

  /**
   * {@return the headshot before and after an edit} Nothing is stored.
   *
   * @param subject the subject
   * @param headshot a headshot of the subject
   * @param edit the changes
   * @param run receives progress, and stops the work if it is cancelled
   * @throws dev.likeness.diffusion.ConsentException if the consent does not cover headshots
   * @throws InvalidInputException if the person has not been trained and has no reference images
   *     that the base accepts, no face is found, or the mask has another size than the headshot
   * @throws dev.likeness.diffusion.error.CancelledException if the run is cancelled, the subject is
   *     erased or the store is closed
   */
  public HeadshotEdit.Result edit(Subject subject, Headshot headshot, HeadshotEdit edit, Run run) {
    return SubjectWork.callWhileRegistered(
        subject,
        run.cancellation(),
        stop -> withPerson(
            subject,
            person -> setup.studio.edit(
                person.identity(), headshot, edit, new Run(run.progress(), stop))));
  }

  /** Opens the person that the subject's images show, for the time of some work. */
  private <T> T withPerson(Subject subject, Function<StoredShoot.Person, T> work) {
    Shown shown = setup.shown;
    Optional<IpAdapterPerson> encoded =
        shown.adapter.map(adapter -> shown.settings.apply(findEncoded(subject, adapter)
            .orElseThrow(() -> new InvalidInputException(subject
                + " has no photos that were encoded for an adapter; encode the photos first"))));
    Optional<ReferenceImagesPerson> images =
        encoded.isPresent() ? Optional.empty() : findReferences(subject, setup.base);
    boolean isAlone = encoded.isPresent() || images.isPresent();
    boolean hasLora = shown.hasLora && isTrained(subject);
    if (!shown.hasLora && !isAlone) {
      throw new InvalidInputException(subject + " has neither reference images that this base"
          + " accepts nor encoded photos; choose or encode photos first");
    }
    try (LoraPerson trained =
        hasLora || !isAlone ? LoraPerson.open(personFile(subject), setup.base) : null) {
      return work.apply(StoredShoot.Person.of(trained, images, encoded, subject.consent()));
    }
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
   * {@return true if the subject was trained} For the retention limits, this call does not count as
   * a use.
   *
   * @param subject the subject
   */
  public static boolean isTrained(Subject subject) {
    return Files.exists(subject.peek(DataCategory.PERSON).resolve(PERSON));
  }

  /**
   * {@return the file name of the adapter that the subject's photos were encoded for; empty if none
   * were encoded} For the retention limits, this call does not count as a use.
   *
   * @param subject the subject
   */
  public static Optional<String> encodedFor(Subject subject) {
    return Optional.of(subject.peek(DataCategory.PERSON).resolve(ENCODED))
        .filter(Files::exists)
        .flatMap(IpAdapterPerson::findAdapterName);
  }

  /**
   * {@return the person that the encoded photos show; empty if no photos were encoded}
   *
   * @param subject the subject
   * @param adapter the adapter that encoded the photos, or another one with the same image encoder
   *     and face embedder; the caller closes it after the last generation
   * @throws InvalidInputException if the file is damaged, or was made for other encoders
   */
  public static Optional<IpAdapterPerson> findEncoded(Subject subject, PersonAdapter adapter) {
    Path file = subject.folder(DataCategory.PERSON).resolve(ENCODED);
    return Files.exists(file) ? Optional.of(IpAdapterPerson.open(file, adapter)) : Optional.empty();
  }

  /**
   * {@return true if headshots of the subject can be generated without an adapter: the subject was
   * trained, or has reference images and the base edits images} For the retention limits, this call
   * does not count as a use.
   *
   * @param subject the subject
   * @param base the base that generates the headshots
   */
  public static boolean isReady(Subject subject, BaseModel base) {
    return isTrained(subject) || hasReferences(subject, base);
  }

  /**
   * {@return true if the subject has reference images and the base edits images} For the retention
   * limits, this call does not count as a use.
   *
   * @param subject the subject
   * @param base the base that uses the images as references
   */
  public static boolean hasReferences(Subject subject, BaseModel base) {
    Path person = subject.peek(DataCategory.PERSON);
    return ReferencePhotos.isEditing(base)
        && Stream.of(REFERENCES, FORMER_REFERENCES)
            .anyMatch(name -> Files.exists(person.resolve(name)));
  }

  /**
   * {@return the person that the stored reference images show; empty if none are stored, or the
   * base does not edit images}
   *
   * @param subject the subject
   * @param base the base that uses the images as references
   * @throws InvalidInputException if the file of the reference images is damaged
   */
  public static Optional<ReferenceImagesPerson> findReferences(Subject subject, BaseModel base) {
    Path folder = subject.folder(DataCategory.PERSON);
    return Stream.of(REFERENCES, FORMER_REFERENCES)
        .map(folder::resolve)
        .filter(Files::exists)
        .findFirst()
        .filter(file -> ReferencePhotos.isEditing(base))
        .map(file -> ReferenceImagesPerson.open(file, base));
  }
}
