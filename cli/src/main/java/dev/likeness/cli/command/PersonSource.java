package dev.likeness.cli.command;

import dev.likeness.cli.console.Console;
import dev.likeness.cli.console.ConsoleProgress;
import dev.likeness.cli.paths.ResultFile;
import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.internal.file.SafetensorsHeader;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.request.Run;
import dev.likeness.headshots.HeadshotStudio;
import dev.likeness.headshots.TrainingRequest;
import dev.likeness.headshots.TrainingState;
import dev.likeness.headshots.person.IpAdapterPerson;
import dev.likeness.headshots.person.PersonProfile;
import dev.likeness.headshots.person.PersonRecord;
import dev.likeness.headshots.person.ReferenceImagesPerson;
import dev.likeness.headshots.person.ReferencePhotos;
import dev.likeness.lora.LoraPerson;
import dev.likeness.photos.PhotoReview;
import dev.likeness.photos.ReviewTools;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * The person of the headshots: from a file, from a store, or trained from photos (into the store,
 * if one is given).
 *
 * @param photos photos of a person to train, and the traits that the user gives
 * @param person a file, or an id in the store; null for a person to train
 * @param out receives the file of a person trained without a store
 * @param stored the photos of a person that this command stored; empty if it stored none
 */
record PersonSource(
    PhotoOptions photos,
    Path person,
    VaultOptions store,
    Path out,
    Console console,
    Optional<PhotoReview> stored) {
  /**
   * Refuses, before any work, files in the places of the person's files that this command did not
   * make.
   */
  void requireOwnFiles(IdentityOptions.Method method) {
    if (!isReviewed()) {
      return;
    }
    List<String> names = new ArrayList<>();
    if (method.trains()) {
      names.add(ShootFolder.PERSON);
    }
    if (method.usesAdapter()) {
      names.add(ShootFolder.IP_ADAPTER);
    }
    if (method.showsImages()) {
      names.add(ShootFolder.REFERENCES);
    }
    for (String name : names) {
      Path file = out.resolve(name);
      if (Files.exists(file, LinkOption.NOFOLLOW_LINKS) && !isOwn(file)) {
        throw new IllegalArgumentException(file
            + " already exists, and headshot did not make it; give another --out, or move this"
            + " file away");
      }
    }
  }

  private static boolean isOwn(Path file) {
    try {
      return Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
          && SafetensorsHeader.read(file).metadata().keySet().stream()
              .anyMatch(key -> key.startsWith("likeness."));
    } catch (InvalidInputException e) {
      return false;
    }
  }

  /** Returns true if the photos are reviewed here, and not for the store. */
  boolean isReviewed() {
    return person == null && !store.isGiven();
  }

  /**
   * Stores the photos' person in the store, if photos and a store are given.
   *
   * @param choice the choice of reference images
   * @param eye the adapter that encodes the photos; null if the method uses none
   * @param shown receives the progress of the training
   * @return this source, or one with the id of the stored person
   */
  PersonSource inStore(
      HeadshotStudio studio,
      ReviewTools tools,
      IdentityOptions.Method method,
      ReferencePhotos choice,
      IdentityOptions.LoadedAdapter eye,
      Progress shown,
      ShootFolder.Timings watch) {
    if (person != null || !store.isGiven()) {
      return this;
    }
    VaultTraining.Stored kept = new VaultTraining(store, photos, shown, console)
        .store(
            studio,
            tools,
            new VaultTraining.Kept(
                method.trains(),
                method.showsImages() ? Optional.of(choice) : Optional.empty(),
                Optional.ofNullable(eye).map(IdentityOptions.LoadedAdapter::adapter)));
    console
        .err()
        .println("stored as " + kept.id() + "; use this id with headshot --person or people erase");
    watch.lap(method.trains() ? "training" : "references");
    return new PersonSource(
        photos, Path.of(kept.id()), store, out, console, Optional.of(kept.review()));
  }

  /**
   * Opens the person by reference images, or chooses the images from the photos and saves them.
   *
   * @param review the review of the photos if {@link #isReviewed()}, else null
   */
  ReferenceImagesPerson referenceImagesPerson(
      HeadshotStudio studio,
      BaseModel model,
      PhotoReview review,
      IdentityOptions identity,
      ReferencePhotos choice) {
    if (review == null) {
      return identity.openReferenceImagesPerson(
          person, store, model, photos.missingConsent(), console);
    }
    Path file = out.resolve(ShootFolder.REFERENCES);
    ReferenceImagesPerson images = studio
        .trainer()
        .referenceImagesPerson(
            TrainingRequest.of(review, photos.consent()).profile(photos.profile()),
            choice,
            new Run(ConsoleProgress.on(console), console.cancellation()));
    images.save(file);
    int count = images.images().size();
    console
        .err()
        .println(file + " contains " + count + (count == 1 ? " image" : " images")
            + " from the photos, unencrypted: protect it like the photos; --store DIR encrypts it");
    return images;
  }

  /** Refuses, before any work, to replace the reference images of other photos. */
  void requireSameImages(PhotoReview review, ReferencePhotos choice, BaseModel model) {
    Path file = ShootFolder.referencesFile(out);
    if (review != null
        && Files.exists(file)
        && !choice.matches(ReferenceImagesPerson.open(file, model), review, model)) {
      throw new InvalidInputException(
          file + " was made from other photos or with other options, and"
              + " is not replaced; give another --out, or move this file away");
    }
  }

  /**
   * Encodes the photos for an IP-Adapter and saves them, or opens the person's file. Prints a
   * warning if the LoRA was trained on other photos.
   *
   * @param review the review of the photos if {@link #isReviewed()}, else null
   * @param trained the person's LoRA, or null
   */
  IpAdapterPerson ipAdapterPerson(
      HeadshotStudio studio,
      PhotoReview review,
      IdentityOptions identity,
      IdentityOptions.LoadedAdapter eye,
      LoraPerson trained) {
    IpAdapterPerson reference = review == null
        ? identity.openIpAdapterPerson(person, store, eye, photos.missingConsent(), console)
        : encode(studio, review, eye);
    Optional.ofNullable(trained)
        .flatMap(reference::findMismatch)
        .map(Quoted::line)
        .ifPresent(console.err()::println);
    return reference;
  }

  private IpAdapterPerson encode(
      HeadshotStudio studio, PhotoReview review, IdentityOptions.LoadedAdapter eye) {
    IpAdapterPerson reference = studio
        .trainer()
        .ipAdapterPerson(
            TrainingRequest.of(review, photos.consent()).profile(photos.profile()),
            eye.adapter(),
            new Run(ConsoleProgress.on(console), console.cancellation()));
    Path file = out.resolve(ShootFolder.IP_ADAPTER);
    reference.save(file);
    console
        .err()
        .println(
            file
                + " contains reference embeddings of the person, unencrypted: protect it like the photos");
    return reference.withStrength(eye.strength());
  }

  /** Refuses, before any work, to replace the embeddings of other photos. */
  void requireSamePerson(PhotoReview review) {
    Path file = ShootFolder.ipAdapterFile(out);
    if (Files.exists(file) && !IpAdapterPerson.matches(review, file)) {
      throw new InvalidInputException(file
          + " was made from other photos or with another face detector, and is not replaced;"
          + " give another --out, or move this file away");
    }
  }

  /**
   * Opens or trains the person, with the traits that the user gives. The caller closes the person.
   *
   * @param review the review of the photos if {@link #isReviewed()}, else null
   * @param shown receives the progress of the training
   */
  LoraPerson open(
      HeadshotStudio studio,
      BaseModel model,
      PhotoReview review,
      Progress shown,
      ShootFolder.Timings watch) {
    if (isReviewed()) {
      Path state = studio.trainer().stateFile(out, review, photos.profile());
      requireSamePerson(state);
      LoraPerson trained = train(studio, review, state, shown);
      watch.lap("training");
      return closeOnFailure(trained, who -> save(TrainingState.tag(who, state), state));
    }
    LoraPerson who = store.person(person, model, console);
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
      throw new InvalidInputException(file
          + " was trained on other photos or settings, and is not replaced; give another --out,"
          + " or move this file away");
    }
  }

  /** Trains the person, or resumes a stopped training. */
  private LoraPerson train(HeadshotStudio studio, PhotoReview review, Path state, Progress shown) {
    try {
      return studio
          .trainer()
          .train(
              TrainingRequest.of(review, photos.consent())
                  .profile(photos.profile())
                  .stateFile(state),
              new Run(shown, console.cancellation()));
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

  private static LoraPerson closeOnFailure(LoraPerson who, UnaryOperator<LoraPerson> step) {
    try {
      return step.apply(who);
    } catch (RuntimeException e) {
      who.close();
      throw e;
    }
  }

  private LoraPerson save(LoraPerson who, Path state) {
    Path own = out.resolve(ShootFolder.PERSON);
    boolean isRepeated = Files.exists(own) && TrainingState.matches(own, state);
    Path file = ResultFile.write(own, isRepeated, who::save);
    ResultFile.printOther(file, own, console);
    TrainingState.deleteAll(out);
    console
        .err()
        .println(
            file
                + " contains the person, unencrypted: protect it like the photos; --store DIR encrypts it");
    return who;
  }

  private LoraPerson withProfile(HeadshotStudio studio, LoraPerson who) {
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
