package dev.likeness.portrait.training;

import dev.likeness.diffusion.internal.nn.Linear;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.portrait.people.Attribute;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * One layer each, by which features tell the {@link PersonTraits} and the words of every
 * {@link Attribute}.
 */
final class Heads {
  private final Linear traits;
  private final Linear words;

  /** {@code traits} is how many of a person's are told. */
  Heads(Weights w, int features, int traits) {
    this.traits = new Linear(w.at("traits"), features, traits);
    words = new Linear(
        w.at("words"),
        features,
        Stream.of(Attribute.values()).mapToInt(a -> a.words().size()).sum());
  }

  /** The traits by {@code features}: [n, count], f32. */
  Tensor traits(Tensor features) {
    return traits.forward(features).to(ScalarType.Float);
  }

  /** For each attribute a score of each of its words, [n, words], f32. */
  Map<Attribute, Tensor> words(Tensor features) {
    Tensor all = words.forward(features).to(ScalarType.Float);
    Map<Attribute, Tensor> scores = new LinkedHashMap<>();
    long first = 0;
    for (Attribute attribute : Attribute.values()) {
      int count = attribute.words().size();
      scores.put(attribute, all.narrow(1, first, count));
      first += count;
    }
    return scores;
  }
}
