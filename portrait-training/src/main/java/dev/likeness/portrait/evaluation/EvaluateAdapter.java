package dev.likeness.portrait.evaluation;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.ipadapter.face.PersonAdapter;
import dev.likeness.photos.embed.FolderEmbedder;
import dev.likeness.photos.face.CascadeDetector;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.portrait.people.Person;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * Shows rendered people whom nothing has seen to an IP-Adapter, and says how often the pictures are recognised, as
 * {@link IdentityTrial} does of those who were learnt; at 0 of the likeness dial nobody is shown.
 *
 * <p>Arguments: {@code MODEL-FOLDER ADAPTER-FOLDER PEOPLE [REFERENCES [PICTURES-IN-EACH-STYLE]]}, where the adapter's folder
 * holds {@code ip_adapter} and what it looks through, as {@link PersonAdapter#in} has it.
 */
public final class EvaluateAdapter {
  private static final double[] DIAL = {0, 0.5, 1};

  private EvaluateAdapter() {}

  public static void main(String[] args) {
    Path folder = Path.of(args[1]);
    int people = Integer.parseInt(args[2]);
    int references = args.length > 3 ? Integer.parseInt(args[3]) : 1;
    int each = args.length > 4 ? Integer.parseInt(args[4]) : 1;
    try (BaseModel base = BaseModel.open(Path.of(args[0]), Compute.best());
        PersonAdapter adapter = PersonAdapter.in(folder, base);
        FolderEmbedder embedder = FolderEmbedder.in(Path.of(args[0])).orElseThrow();
        FaceDetector detector = new CascadeDetector()) {
      IdentityTrial trial = new IdentityTrial(base, 0, detector, embedder);
      for (long number = IdentityTrial.FIRST; number < IdentityTrial.FIRST + people; number++) {
        Person person = Person.random(number);
        System.out.println(person);
        List<IdentityTrial.Outcome> outcomes = trial.shown(person, adapter, references, each, DIAL);
        for (int i = 0; i < DIAL.length; i++) {
          tell(DIAL[i], outcomes.get(i));
        }
      }
    }
  }

  private static void tell(double likeness, IdentityTrial.Outcome outcome) {
    System.out.printf(Locale.ROOT, "  at %.1f faces %d/%d, recognised %d, likeness %.3f%n", likeness, outcome.faces(),
        outcome.headshots().size(), outcome.recognised(), outcome.likeness());
  }
}
