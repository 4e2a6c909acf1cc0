package dev.likeness.cli.command;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.Identity;
import dev.likeness.headshots.person.ImagePerson;
import dev.likeness.headshots.person.PersonRecord;
import dev.likeness.headshots.person.ReferencePerson;
import dev.likeness.headshots.report.ShootRecord;
import dev.likeness.headshots.shoot.Shoot;
import dev.likeness.lora.TrainedPerson;
import dev.likeness.photos.AcceptedPhoto;
import dev.likeness.photos.PhotoReview;
import java.util.List;
import java.util.function.Function;

/**
 * The person of the headshots, and what judges them.
 *
 * @param who the person
 * @param kept the record in the person's file
 * @param judges the photos that judge likeness; null if the record does
 * @param record makes the record of a shoot
 */
record HeadshotPerson(
    Identity who,
    PersonRecord kept,
    List<AcceptedPhoto> judges,
    Function<Shoot, ShootRecord> record) {
  /** A trained person. */
  static HeadshotPerson of(BaseModel model, TrainedPerson trained, PhotoReview review) {
    return new HeadshotPerson(
        trained,
        PersonRecord.of(trained),
        accepted(review),
        shoot -> ShootRecord.of(model, trained, shoot));
  }

  /**
   * A person by the embeddings of an IP-Adapter.
   *
   * @param trained the person's LoRA, or null
   */
  static HeadshotPerson of(
      BaseModel model, ReferencePerson reference, TrainedPerson trained, PhotoReview review) {
    ReferencePerson who = trained == null ? reference : reference.withTrainedPerson(trained);
    return new HeadshotPerson(
        who,
        trained == null ? reference.record() : PersonRecord.of(trained),
        accepted(review),
        shoot -> ShootRecord.of(model, who, shoot));
  }

  /**
   * A person by reference images. The LoRA may be trained on all photos, so the images' record
   * judges: its photos are no references.
   *
   * @param trained the person's LoRA, or null
   * @param judges the photos that are no references; null for a person from a file or store
   */
  static HeadshotPerson of(
      BaseModel model, ImagePerson images, TrainedPerson trained, List<AcceptedPhoto> judges) {
    ImagePerson who = trained == null ? images : images.withTrainedPerson(trained);
    return new HeadshotPerson(
        who, images.record(), judges, shoot -> ShootRecord.ofImagePerson(model, who, shoot, 0));
  }

  /** Several people in one image; nothing judges their likeness. */
  static HeadshotPerson of(BaseModel model, ImagePerson.Group group) {
    return new HeadshotPerson(
        group,
        PersonRecord.EMPTY,
        null,
        shoot -> ShootRecord.ofImagePerson(model, group, shoot, 0));
  }

  private static List<AcceptedPhoto> accepted(PhotoReview review) {
    return review == null ? null : review.accepted();
  }
}
