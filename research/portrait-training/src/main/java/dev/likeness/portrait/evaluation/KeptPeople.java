package dev.likeness.portrait.evaluation;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.lora.LoraPerson;
import dev.likeness.portrait.people.Person;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Supplier;

/**
 * People who are learnt once for every program that draws them, each in a file that says how long
 * that took.
 *
 * @param folder of a folder for each, by number
 * @param base that they were taught to
 */
record KeptPeople(Path folder, BaseModel base) {
  private static final String SECONDS = "seconds";

  /** Where in a folder of people somebody's files are. */
  static Path folder(Path people, Person person) {
    return people.resolve(Long.toString(person.seed()));
  }

  /** Somebody learnt in a way, now if they are not kept yet; in f16, as everybody's file is. */
  LoraPerson of(Person person, LikenessCase asked, Supplier<LoraPerson> learning) {
    Path file = folder(folder, person).resolve(asked.file() + ".safetensors");
    if (!Files.exists(file)) {
      long start = System.nanoTime();
      try (LoraPerson learnt = learning.get()) {
        learnt
            .withMetadata(SECONDS, Double.toString((System.nanoTime() - start) / 1e9))
            .save(file);
      }
    }
    return LoraPerson.open(file, base);
  }

  /** How long learning somebody who is kept took. */
  static double seconds(LoraPerson person) {
    return Double.parseDouble(person.metadata().get(SECONDS));
  }
}
