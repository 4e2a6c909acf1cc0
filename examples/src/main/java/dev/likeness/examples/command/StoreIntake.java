package dev.likeness.examples.command;

import dev.likeness.examples.console.Console;
import dev.likeness.examples.console.ConsoleProgress;
import dev.likeness.headshots.trust.Subject;
import dev.likeness.headshots.trust.SubjectStore;
import dev.likeness.headshots.trust.SubjectStudio;

/** Takes a person into a store and learns them there; when that fails nothing of them is left. */
final class StoreIntake {
  private StoreIntake() {}

  /** Returns the id. */
  static String learn(SubjectStore store, PhotoOptions photos, SubjectStudio studio, Console console) {
    Subject subject = store.create(photos.consent());
    try {
      photos.eachFile((name, bytes) -> studio.add(subject, name, bytes));
      studio.learn(subject, photos.known(), ConsoleProgress.on(console), console.cancellation());
      return subject.id();
    } catch (RuntimeException | Error e) {
      subject.erase();
      throw e;
    }
  }
}
