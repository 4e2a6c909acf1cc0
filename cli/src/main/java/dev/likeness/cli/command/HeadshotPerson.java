package dev.likeness.cli.command;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.Identity;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.headshots.person.IpAdapterPerson;
import dev.likeness.headshots.person.PersonRecord;
import dev.likeness.headshots.person.ReferenceImagesPerson;
import dev.likeness.headshots.report.ShootRecord;
import dev.likeness.headshots.shoot.Shoot;
import dev.likeness.ipadapter.PersonAdapter;
import dev.likeness.lora.LoraPerson;
import dev.likeness.photos.AcceptedPhoto;
import dev.likeness.photos.PhotoReview;
import dev.likeness.photos.face.FaceDetector;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.BiFunction;
import java.util.function.Function;

/**
 * The person of the headshots, and what judges them.
 *
 * @param who the person
 * @param kept the record in the person's file
 * @param judges the photos that judge likeness; null if the record does
 * @param record makes the record of a shoot
 * @param ownLikeness measures likeness by the face embedder of an adapter that shows the person;
 *     empty if there is none, or in an image without a face
 */
record HeadshotPerson(
    Identity who,
    PersonRecord kept,
    List<AcceptedPhoto> judges,
    Function<Shoot, ShootRecord> record,
    BiFunction<RgbImage, FaceDetector, OptionalDouble> ownLikeness) {
  private static final BiFunction<RgbImage, FaceDetector, OptionalDouble> NONE =
      (image, detector) -> OptionalDouble.empty();

  /** A trained person. */
  static HeadshotPerson of(BaseModel model, LoraPerson trained, PhotoReview review) {
    return new HeadshotPerson(
        trained,
        PersonRecord.of(trained),
        accepted(review),
        shoot -> ShootRecord.of(model, trained, shoot),
        NONE);
  }

  /**
   * A person by the embeddings of an IP-Adapter.
   *
   * @param adapter the adapter that made the embeddings
   * @param trained the person's LoRA, or null
   */
  static HeadshotPerson of(
      BaseModel model,
      IpAdapterPerson reference,
      PersonAdapter adapter,
      LoraPerson trained,
      PhotoReview review) {
    IpAdapterPerson who = trained == null ? reference : reference.withLoraPerson(trained);
    return new HeadshotPerson(
        who,
        trained == null ? reference.record() : PersonRecord.of(trained),
        accepted(review),
        shoot -> ShootRecord.of(model, who, shoot),
        (image, detector) -> detector.detect(image).stream()
            .findFirst()
            .map(face -> adapter.likeness(who.imagePrompt(), image, face))
            .orElse(OptionalDouble.empty()));
  }

  /**
   * A person by reference images. The LoRA may be trained on all photos, so the images' record
   * judges: its photos are no references.
   *
   * @param trained the person's LoRA, or null
   * @param judges the photos that are no references; null for a person from a file or store
   */
  static HeadshotPerson of(
      BaseModel model,
      ReferenceImagesPerson images,
      LoraPerson trained,
      List<AcceptedPhoto> judges) {
    ReferenceImagesPerson who = trained == null ? images : images.withLoraPerson(trained);
    return new HeadshotPerson(
        who,
        images.record(),
        judges,
        shoot -> ShootRecord.ofReferenceImagesPerson(model, who, shoot, 0),
        NONE);
  }

  /** Several people in one image; nothing judges their likeness. */
  static HeadshotPerson of(BaseModel model, ReferenceImagesPerson.Group group) {
    return new HeadshotPerson(
        group,
        PersonRecord.EMPTY,
        null,
        shoot -> ShootRecord.ofReferenceImagesPerson(model, group, shoot, 0),
        NONE);
  }

  /**
   * Returns the mean likeness of headshots by the face embedder of the person's adapter; empty if
   * no adapter with a face embedder shows the person.
   *
   * @param detector finds the faces in the headshots
   */
  Optional<AdapterLikeness> adapterLikeness(
      SelectionOptions.GeneratedShoot generated, FaceDetector detector) {
    OptionalDouble own = generated.shoot().headshots().stream()
        .flatMapToDouble(shot -> ownLikeness.apply(shot.image(), detector).stream())
        .average();
    return own.isPresent()
        ? Optional.of(AdapterLikeness.of(own.getAsDouble(), generated))
        : Optional.empty();
  }

  private static List<AcceptedPhoto> accepted(PhotoReview review) {
    return review == null ? null : review.accepted();
  }
}
