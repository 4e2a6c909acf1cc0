package dev.likeness.portrait.training;

import dev.likeness.portrait.people.Attribute;
import dev.likeness.portrait.people.Person;
import dev.likeness.portrait.people.Shot;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.LongFunction;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.Reduction;

/** How far scores of words are from what drew the images. */
final class WordLoss {
  /** Of an attribute that does not apply to an image. */
  private static final long NONE = -1;

  private final Map<Attribute, long[]> right = new EnumMap<>(Attribute.class);

  /** Of the first {@code images}, each of one of {@code people} in one of {@code shots}. */
  WordLoss(LongFunction<Person> people, LongFunction<Shot> shots, int images) {
    for (Attribute attribute : Attribute.values()) {
      right.put(attribute, new long[images]);
    }
    for (int i = 0; i < images; i++) {
      Person person = people.apply(i);
      Shot shot = shots.apply(i);
      for (Attribute attribute : Attribute.values()) {
        right.get(attribute)[i] = attribute.index(person, shot);
      }
    }
  }

  /** The sum of every attribute's cross-entropy, the mean over the {@code chosen} images. */
  Tensor of(Map<Attribute, Tensor> scores, int[] chosen) {
    Tensor sum = TrainingDevice.placed(torch.zeros(1)).squeeze();
    for (Map.Entry<Attribute, Tensor> head : scores.entrySet()) {
      sum = sum.add(torch.cross_entropy_loss(
          head.getValue(),
          right(head.getKey(), chosen),
          new TensorOptional(),
          Reduction.Sum.value,
          NONE,
          0.0));
    }
    return sum.div(new Scalar(chosen.length));
  }

  /**
   * How often {@code scores} put the right word first, among the chosen images that the attribute
   * applies to.
   */
  double share(Attribute attribute, Tensor scores, int[] chosen) {
    return share(attribute, scores, chosen, NONE);
  }

  /**
   * The same among those of which there is something to say: who never says freckles is right about
   * most people, and about none of these.
   */
  double said(Attribute attribute, Tensor scores, int[] chosen) {
    return share(attribute, scores, chosen, attribute.words().indexOf(""));
  }

  private double share(Attribute attribute, Tensor scores, int[] chosen, long but) {
    Tensor words = right(attribute, chosen);
    Tensor counted = words.ne(new Scalar(NONE)).logical_and(words.ne(new Scalar(but)));
    return scores
            .argmax(new LongOptional(1), false)
            .eq(words)
            .logical_and(counted)
            .sum()
            .item_double()
        / counted.sum().item_double();
  }

  private Tensor right(Attribute attribute, int[] chosen) {
    return TrainingDevice.placed(torch.tensor(
        Arrays.stream(chosen).mapToLong(i -> right.get(attribute)[i]).toArray()));
  }
}
