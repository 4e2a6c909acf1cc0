package dev.likeness.cli.command;

import dev.likeness.cli.console.Console;
import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.io.CurrentWork;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.request.Run;
import dev.likeness.headshots.HeadshotStudio;
import dev.likeness.headshots.TrainingRequest;
import dev.likeness.headshots.person.IpAdapterPerson;
import dev.likeness.headshots.person.ReferenceImagesPerson;
import dev.likeness.headshots.person.ReferencePhotos;
import dev.likeness.ipadapter.PersonAdapter;
import dev.likeness.lora.LoraPerson;
import dev.likeness.photos.PhotoReview;
import dev.likeness.photos.ReviewTools;
import dev.likeness.vault.SubjectStore;
import dev.likeness.vault.SubjectStudio;
import java.time.Duration;
import java.util.Optional;

/**
 * Creates a subject in a store and trains with the store closed, so that subjects can be erased
 * meanwhile. Photos and training state stay in memory. If the training fails, the subject is
 * erased.
 *
 * @param shown receives the progress
 */
record VaultTraining(VaultOptions store, PhotoOptions photos, Progress shown, Console console) {
  /** Saving waits longer than other commands, because the training took hours. */
  private static final Duration SAVE_TIMEOUT = Duration.ofHours(1);

  /** Trains the person and returns the id of the subject. */
  String train(HeadshotStudio studio, ReviewTools tools) {
    return store(studio, tools, new Kept(true, Optional.empty(), Optional.empty()))
        .id();
  }

  /**
   * What a store keeps of a person.
   *
   * @param trains true to train the person
   * @param choice the choice of reference images; empty to keep none
   * @param adapter encodes the photos; empty to keep no embeddings for an adapter
   */
  record Kept(boolean trains, Optional<ReferencePhotos> choice, Optional<PersonAdapter> adapter) {}

  /**
   * A stored person.
   *
   * @param id the id of the subject
   * @param review the photos, which are in memory alone
   */
  record Stored(String id, PhotoReview review) {}

  /** Stores a subject. */
  Stored store(HeadshotStudio studio, ReviewTools tools, Kept kept) {
    Consent consent = photos.consent();
    PhotoReview review = photos.reviewInMemory(tools, console);
    PhotoOptions.printOfOnePerson(review, console);
    String id;
    try (SubjectStore opened = store.open(console)) {
      id = opened.create(consent).id();
    }
    Cancellation stop = console.cancellation().child();
    Progress progress = cancelIfErased(stop, id);
    TrainingRequest request = TrainingRequest.of(review, consent).profile(photos.profile());
    try {
      Optional<ReferenceImagesPerson> images = kept.choice.map(
          by -> studio.trainer().referenceImagesPerson(request, by, new Run(progress, stop)));
      Optional<IpAdapterPerson> encoded = kept.adapter.map(
          by -> studio.trainer().ipAdapterPerson(request, by, new Run(progress, stop)));
      try (LoraPerson person =
          kept.trains ? studio.trainer().train(request, new Run(progress, stop)) : null) {
        save(person, images, encoded, id);
      }
      return new Stored(id, review);
    } catch (RuntimeException | Error e) {
      if (store.hasErased(id)) {
        throw erasedException(id, e);
      }
      // The failure may be Ctrl-C, which must not stop the erasure.
      CurrentWork.finish(() -> eraseSubject(id, e));
      throw e;
    }
  }

  /** Cancels the training if the subject is erased. */
  private Progress cancelIfErased(Cancellation stop, String id) {
    return event -> {
      if (store.hasErased(id)) {
        stop.cancel();
      }
      shown.onEvent(event);
    };
  }

  private void save(
      LoraPerson person,
      Optional<ReferenceImagesPerson> images,
      Optional<IpAdapterPerson> encoded,
      String id) {
    try (SubjectStore opened = store.open(console, SAVE_TIMEOUT, console.cancellation())) {
      images.ifPresent(one -> SubjectStudio.saveReferences(opened.subject(id), one));
      encoded.ifPresent(one -> SubjectStudio.saveEncoded(opened.subject(id), one));
      if (person != null) {
        SubjectStudio.savePerson(opened.subject(id), person);
      }
    }
  }

  private static InvalidInputException erasedException(String id, Throwable cause) {
    return new InvalidInputException(
        id
            + " was erased during the training, and the result was discarded; if the person still"
            + " agrees, train again",
        cause);
  }

  private void eraseSubject(String id, Throwable failure) {
    try (SubjectStore opened = store.open(console, VaultOptions.LOCK_TIMEOUT, new Cancellation())) {
      opened.subject(id).erase();
    } catch (RuntimeException e) {
      failure.addSuppressed(e);
      console
          .err()
          .println("the consent of " + id + " is left in the store: " + e.getMessage()
              + "; erase it with people erase " + id);
    }
  }
}
