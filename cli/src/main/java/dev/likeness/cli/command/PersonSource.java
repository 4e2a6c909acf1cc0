package dev.likeness.cli.command;

import dev.likeness.cli.console.Console;
import dev.likeness.cli.console.ConsoleProgress;
import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.headshots.HeadshotStudio;
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
 * @param photos of a person to be trained, and the traits that the user gives
 * @param person a file, or an id in the store; null for a person to be trained
 * @param out receives the file of a person trained without a store
 */
record PersonSource(
    PhotoOptions photos, Path person, VaultOptions store, Path out, Console console) {
  /** Whether their photos are looked at here, and not by the store. */
  boolean isReviewed() {
    return person == null && !store.isGiven();
  }

  /**
   * The person as the user describes them, opened or learnt now; the caller closes them.
   *
   * @param review their photos, where they {@linkplain #isReviewed() are looked at here}
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
      TrainedPerson learnt = train(studio, review, state);
      watch.lap("learning");
      return closeOnFailure(learnt, who -> save(TrainingState.tag(who, state)));
    }
    Path which = person;
    if (which == null) {
      which = trainInStore(studio, tools);
      watch.lap("learning");
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
              + " was learnt from other photos or settings, and is not replaced; give another --out, or move it away");
    }
  }

  /** Learnt now, or from where a run that was stopped had come to. */
  private TrainedPerson train(HeadshotStudio studio, PhotoReview review, Path state) {
    try {
      return studio.trainer().train(
          review,
          photos.consent(),
          photos.profile(),
          state,
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
          .println(state + " is the person as far as they were learnt: " + command
              + " goes on from it; keep it as you keep " + "the photos, or delete it");
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
                + " is the person, not encrypted: keep it as you keep the photos; --store DIR encrypts");
    return who;
  }

  private Path trainInStore(HeadshotStudio studio, ReviewTools tools) {
    String id = new VaultTraining(store, photos, console).train(studio, tools);
    console
        .err()
        .println("kept in the store as " + id
            + "; headshot --person draws them again, people erase erases them");
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
