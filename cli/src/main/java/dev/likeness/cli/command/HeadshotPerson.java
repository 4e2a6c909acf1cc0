package dev.likeness.cli.command;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.Identity;
import dev.likeness.headshots.person.IpAdapterPerson;
import dev.likeness.headshots.person.PersonRecord;
import dev.likeness.headshots.person.ReferenceImagesPerson;
import dev.likeness.headshots.report.ShootRecord;
import dev.likeness.headshots.shoot.Shoot;
import dev.likeness.lora.LoraPerson;
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
  static HeadshotPerson of(BaseModel model, LoraPerson trained, PhotoReview review) {
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
      BaseModel model, IpAdapterPerson reference, LoraPerson trained, PhotoReview review) {
    IpAdapterPerson who = trained == null ? reference : reference.withLoraPerson(trained);
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
      BaseModel model,
      ReferenceImagesPerson images,
      LoraPerson trained,
      List<AcceptedPhoto> judges) {
    ReferenceImagesPerson who = trained == null ? images : images.withLoraPerson(trained);
    return new HeadshotPerson(
        who,
        images.record(),
        judges,
        shoot -> ShootRecord.ofReferenceImagesPerson(model, who, shoot, 0));
  }

  /** Several people in one image; nothing judges their likeness. */
  static HeadshotPerson of(BaseModel model, ReferenceImagesPerson.Group group) {
    return new HeadshotPerson(
        group,
        PersonRecord.EMPTY,
        null,
        shoot -> ShootRecord.ofReferenceImagesPerson(model, group, shoot, 0));
  }

  private static List<AcceptedPhoto> accepted(PhotoReview review) {
    return review == null ? null : review.accepted();
  }
}
