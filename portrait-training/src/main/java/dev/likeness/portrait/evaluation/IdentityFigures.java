package dev.likeness.portrait.evaluation;

import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.photos.likeness.Roc;
import dev.likeness.portrait.people.Person;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** Identity in figures: each person's trial, their mean, and what an outside embedder makes of all their headshots. */
final class IdentityFigures {
  private IdentityFigures() {}

  /** Tries {@code people} persons, keeping each in {@code ledger} and their headshots where {@code drawings} says. */
  static void measure(IdentityTrial trial, int people, Ledger ledger, Drawings drawings) {
    for (int i = 0; i < people; i++) {
      long number = IdentityTrial.FIRST + i;
      ledger.part("person " + number, () -> {
        IdentityTrial.Result result = trial.of(Person.random(number), 1);
        for (int k = 0; k < result.with().headshots().size(); k++) {
          result.with().headshots().get(k).picture().writePng(drawings.file("person " + number, k));
        }
        Map<String, Object> found = new LinkedHashMap<>();
        found.put("seconds", result.seconds());
        found.put("own photos", result.spread());
        found.put("with LoRA", result.with().row());
        found.put("without", result.without().row());
        return found;
      });
    }
  }

  /** How well {@code vectors}, a list a person, tell pairs of one person from pairs of two. */
  static Map<String, Object> separation(List<List<float[]>> vectors) {
    List<Double> same = new ArrayList<>();
    List<Double> different = new ArrayList<>();
    for (int a = 0; a < vectors.size(); a++) {
      for (int b = 0; b <= a; b++) {
        pairs(vectors.get(a), vectors.get(b), a == b, a == b ? same : different);
      }
    }
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("pairs of one", same.size());
    row.put("pairs of two", different.size());
    row.put("AUC", Roc.of(array(same), array(different)).auc());
    return row;
  }

  private static void pairs(List<float[]> one, List<float[]> other, boolean self, List<Double> to) {
    IntStream.range(0, one.size()).forEach(i -> other.stream().limit(self ? i : other.size())
        .forEach(vector -> to.add(FaceEmbedder.cosine(one.get(i), vector))));
  }

  private static double[] array(List<Double> values) {
    return values.stream().mapToDouble(Double::doubleValue).toArray();
  }
}
