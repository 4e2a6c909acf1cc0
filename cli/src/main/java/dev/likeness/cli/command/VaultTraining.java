package dev.likeness.cli.command;

import dev.likeness.cli.console.Console;
import dev.likeness.cli.console.ConsoleProgress;
import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.headshots.HeadshotStudio;
import dev.likeness.lora.TrainedPerson;
import dev.likeness.photos.PhotoReview;
import dev.likeness.photos.ReviewTools;
import dev.likeness.vault.SubjectStore;
import dev.likeness.vault.SubjectStudio;
import java.time.Duration;

/**
 * Takes a person into a store and learns them with the store closed, so that they, and others, can
 * be erased meanwhile: photos and the run's state stay in memory. When it fails nothing of them is
 * left.
 */
record VaultTraining(VaultOptions store, PhotoOptions photos, Console console) {
  /** What took hours to learn waits longer than a look does. */
  private static final Duration SAVE_TIMEOUT = Duration.ofHours(1);

  /** Returns the id. */
  String train(HeadshotStudio studio, ReviewTools tools) {
    Consent consent = photos.consent();
    PhotoReview review = photos.reviewInMemory(tools);
    PhotoOptions.ReviewText.lines(review).forEach(console.err()::println);
    String id;
    try (SubjectStore opened = store.open(console)) {
      id = opened.create(consent).id();
    }
    Cancellation stop = console.cancellation().child();
    try (TrainedPerson person =
        studio.trainer().train(review, consent, photos.profile(), null, cancelIfErased(stop, id), stop)) {
      save(person, id);
      return id;
    } catch (RuntimeException | Error e) {
      if (store.hasErased(id)) {
        throw erasedException(id, e);
      }
      eraseSubject(id, e);
      throw e;
    }
  }

  /** Whoever is erased meanwhile is learnt no further. */
  private Progress cancelIfErased(Cancellation stop, String id) {
    Progress shown = ConsoleProgress.on(console);
    return event -> {
      if (store.hasErased(id)) {
        stop.cancel();
      }
      shown.onEvent(event);
    };
  }

  private void save(TrainedPerson person, String id) {
    try (SubjectStore opened = store.open(console, SAVE_TIMEOUT, console.cancellation())) {
      SubjectStudio.savePerson(opened.subject(id), person);
    }
  }

  private static InvalidInputException erasedException(String id, Throwable cause) {
    return new InvalidInputException(
        id
            + " was erased while they were learnt, and what was learnt is thrown away; if they still agree, learn them again",
        cause);
  }

  private void eraseSubject(String id, Throwable failure) {
    // Ctrl-C, which may be what failed, must not stop this, too.
    try (SubjectStore opened = store.open(console, VaultOptions.LOCK_TIMEOUT, new Cancellation())) {
      opened.subject(id).erase();
    } catch (RuntimeException e) {
      failure.addSuppressed(e);
      console
          .err()
          .println("what " + id + " agreed to is left in the store: " + e.getMessage()
              + "; people erase " + id + " erases it");
    }
  }
}
