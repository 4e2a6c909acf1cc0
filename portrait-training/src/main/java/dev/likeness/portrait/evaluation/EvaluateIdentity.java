package dev.likeness.portrait.evaluation;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.photos.embed.FolderEmbedder;
import dev.likeness.photos.face.CascadeDetector;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.portrait.people.Person;
import java.nio.file.Path;
import java.util.Locale;

/**
 * Tries {@link IdentityTrial} on rendered people whom nothing has seen, and says what came of it.
 *
 * <p>Arguments: {@code MODEL-FOLDER PEOPLE TRAIN-STEPS [PICTURES-IN-EACH-STYLE]}.
 */
public final class EvaluateIdentity {
  private EvaluateIdentity() {}

  public static void main(String[] args) {
    int people = Integer.parseInt(args[1]);
    int each = args.length > 3 ? Integer.parseInt(args[3]) : 1;
    try (BaseModel base = BaseModel.open(Path.of(args[0]), Compute.best());
        FolderEmbedder embedder = FolderEmbedder.in(Path.of(args[0])).orElseThrow();
        FaceDetector detector = new CascadeDetector()) {
      IdentityTrial trial = new IdentityTrial(base, Integer.parseInt(args[2]), detector, embedder);
      for (long number = IdentityTrial.FIRST; number < IdentityTrial.FIRST + people; number++) {
        Person person = Person.random(number);
        IdentityTrial.Result result = trial.of(person, each);
        System.out.printf(Locale.ROOT, "%s: learnt in %.0f s, own photos %.3f%n", person, result.seconds(), result.spread());
        tell("with", result.with());
        tell("without", result.without());
      }
    }
  }

  static void tell(String what, IdentityTrial.Outcome outcome) {
    System.out.printf(Locale.ROOT, "  %-8s faces %d/%d, recognised %d, likeness %.3f%n", what, outcome.faces(),
        outcome.headshots().size(), outcome.recognised(), outcome.likeness());
  }
}
