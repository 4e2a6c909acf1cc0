package dev.likeness.cli.command;

import dev.likeness.cli.console.Console;
import dev.likeness.cli.console.ConsoleProgress;
import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.headshots.HeadshotStudio;
import dev.likeness.headshots.TrainingRequest;
import dev.likeness.headshots.TrainingState;
import dev.likeness.headshots.person.PersonProfile;
import dev.likeness.headshots.person.PersonRecord;
import dev.likeness.lora.TrainedPerson;
import dev.likeness.photos.PhotoReview;
import dev.likeness.photos.ReviewTools;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.UnaryOperator;

/**
 * The person of the headshots: from a file, from a store, or trained from photos (into the store,
 * if one is given).
 *
 * @param photos photos of a person to train, and the traits that the user gives
 * @param person a file, or an id in the store; null for a person to train
 * @param out receives the file of a person trained without a store
 */
record PersonSource(
    PhotoOptions photos, Path person, VaultOptions store, Path out, Console console) {
  /** Returns true if the photos are reviewed here, and not for the store. */
  boolean isReviewed() {
    return person == null && !store.isGiven();
  }

  /**
   * Opens or trains the person, with the traits that the user gives. The caller closes the person.
   *
   * @param review the review of the photos if {@link #isReviewed()}, else null
   */
  TrainedPerson open(
      HeadshotStudio studio,
      BaseModel model,
      PhotoReview review,
      ReviewTools tools,
      ShootFolder.Timings watch) {
    if (isReviewed()) {
      Path state = studio.trainer().stateFile(out, review, photos.profile());
      requireSamePerson(state);
      TrainedPerson trained = train(studio, review, state);
      watch.lap("training");
      return closeOnFailure(trained, who -> save(TrainingState.tag(who, state)));
    }
    Path which = person;
    if (which == null) {
      which = trainInStore(studio, tools);
      watch.lap("training");
    }
    TrainedPerson who = store.person(which, model, console);
    watch.lap("person");
    who.baseMismatch(model).ifPresent(console.err()::println);
    return closeOnFailure(
        who,
        opened -> withProfile(
            studio, photos.missingConsent().of(opened).map(opened::withConsent).orElse(opened)));
  }

  private void requireSamePerson(Path state) {
    Path file = out.resolve(ShootFolder.PERSON);
    if (Files.exists(file) && !TrainingState.matches(file, state)) {
      throw new InvalidInputException(
          file
              + " was trained on other photos or settings, and is not replaced; give another --out, or move it away");
    }
  }

  /** Trains the person, or resumes a stopped training. */
  private TrainedPerson train(HeadshotStudio studio, PhotoReview review, Path state) {
    try {
      return studio
          .trainer()
          .train(
              TrainingRequest.of(review, photos.consent())
                  .profile(photos.profile())
                  .stateFile(state),
              ConsoleProgress.on(console),
              console.cancellation());
    } catch (RuntimeException e) {
      reportState(state, "the same command", e, console);
      throw e;
    }
  }

  static void reportState(Path state, String command, RuntimeException failure, Console console) {
    if (Files.exists(state) && !(failure instanceof InvalidInputException)) {
      console
          .err()
          .println(state + " contains the unfinished training: " + command
              + " resumes it; protect it like the photos, or delete it");
    }
  }

  private static TrainedPerson closeOnFailure(
      TrainedPerson who, UnaryOperator<TrainedPerson> step) {
    try {
      return step.apply(who);
    } catch (RuntimeException e) {
      who.close();
      throw e;
    }
  }

  private TrainedPerson save(TrainedPerson who) {
    Path file = out.resolve(ShootFolder.PERSON);
    who.save(file);
    TrainingState.deleteAll(out);
    console
        .err()
        .println(
            file
                + " contains the person, unencrypted: protect it like the photos; --store DIR encrypts it");
    return who;
  }

  private Path trainInStore(HeadshotStudio studio, ReviewTools tools) {
    String id = new VaultTraining(store, photos, console).train(studio, tools);
    console
        .err()
        .println("stored as " + id + "; use this id with headshot --person or people erase");
    return Path.of(id);
  }

  private TrainedPerson withProfile(HeadshotStudio studio, TrainedPerson who) {
    PersonProfile known = photos.profile();
    if (known.traits().isEmpty()) {
      return who;
    }
    PersonProfile profile = PersonRecord.of(who).profile();
    for (PersonProfile.Trait trait : known.traits()) {
      profile = profile.withCorrection(trait.attribute(), trait.value());
    }
    return studio.trainer().withProfile(who, profile);
  }
}
