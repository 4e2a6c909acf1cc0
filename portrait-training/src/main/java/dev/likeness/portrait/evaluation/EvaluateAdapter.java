package dev.likeness.portrait.evaluation;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.headshots.LikenessDial;
import dev.likeness.ipadapter.face.PersonAdapter;
import dev.likeness.photos.embed.FolderEmbedder;
import dev.likeness.photos.face.CascadeDetector;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.portrait.people.Person;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Shows rendered people whom nothing has seen to an IP-Adapter, and says how often the pictures are recognised, as
 * {@link IdentityTrial} does of those who were learnt; at 0 of the likeness dial, the measured one where it lies
 * beside the adapter, nobody is shown. Ends with all of them together.
 *
 * <p>Arguments: {@code MODEL-FOLDER ADAPTER-FOLDER PEOPLE [REFERENCES [PICTURES-IN-EACH-STYLE [DIAL]]]}, where the adapter's
 * folder holds {@code ip_adapter} and what it looks through, as {@link PersonAdapter#in} has it, and the dial's places are
 * {@code 0,0.5,1} unless others are given.
 */
public final class EvaluateAdapter {
  private EvaluateAdapter() {}

  public static void main(String[] args) {
    Path folder = Path.of(args[1]);
    int people = Integer.parseInt(args[2]);
    int references = args.length > 3 ? Integer.parseInt(args[3]) : 1;
    int each = args.length > 4 ? Integer.parseInt(args[4]) : 1;
    double[] places = Stream.of((args.length > 5 ? args[5] : "0,0.5,1").split(",")).mapToDouble(Double::parseDouble).toArray();
    try (BaseModel base = BaseModel.open(Path.of(args[0]), Compute.best());
        PersonAdapter adapter = PersonAdapter.in(folder, base);
        FolderEmbedder embedder = FolderEmbedder.in(Path.of(args[0])).orElseThrow();
        FaceDetector detector = new CascadeDetector()) {
      IdentityTrial trial = new IdentityTrial(base, 0, detector, embedder);
      LikenessDial dial = LikenessDial.beside(PersonAdapter.own(folder));
      Map<Double, List<IdentityTrial.Outcome>> all = new TreeMap<>();
      for (long number = IdentityTrial.FIRST; number < IdentityTrial.FIRST + people; number++) {
        Person person = Person.random(number);
        System.out.println(person);
        List<IdentityTrial.Outcome> outcomes = trial.shown(person, adapter, dial, references, each, places);
        for (int i = 0; i < places.length; i++) {
          all.computeIfAbsent(places[i], k -> new ArrayList<>()).add(outcomes.get(i));
          tell(places[i], List.of(outcomes.get(i)));
        }
      }
      System.out.println("all " + people);
      all.forEach(EvaluateAdapter::tell);
    }
  }

  private static void tell(double place, List<IdentityTrial.Outcome> of) {
    System.out.printf(Locale.ROOT, "  at %.2f faces %d/%d, recognised %d, likeness %.3f%n", place,
        of.stream().mapToLong(IdentityTrial.Outcome::faces).sum(), of.stream().mapToInt(o -> o.headshots().size()).sum(),
        of.stream().mapToLong(IdentityTrial.Outcome::recognised).sum(),
        of.stream().mapToDouble(IdentityTrial.Outcome::likeness).filter(l -> !Double.isNaN(l)).average().orElse(Double.NaN));
  }
}
