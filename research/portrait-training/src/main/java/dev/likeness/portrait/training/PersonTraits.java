package dev.likeness.portrait.training;

import dev.likeness.portrait.people.BeardStyle;
import dev.likeness.portrait.people.Bone;
import dev.likeness.portrait.people.EyeColour;
import dev.likeness.portrait.people.Glasses;
import dev.likeness.portrait.people.HairColour;
import dev.likeness.portrait.people.Person;
import dev.likeness.portrait.people.Sex;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * What can be foretold of people from their faces: every bone, sex, age, skin, brows' colour,
 * beard, glasses and eyes, each with mean 0 and spread 1 over all of them. How hair is worn is no
 * part of a face.
 */
final class PersonTraits {
  private final float[][] values;

  private PersonTraits(float[][] values) {
    this.values = values;
  }

  static PersonTraits of(List<Person> people) {
    float[][] values = people.stream().map(PersonTraits::of).toArray(float[][]::new);
    for (int k = 0; k < values[0].length; k++) {
      int trait = k;
      double mean = Arrays.stream(values).mapToDouble(v -> v[trait]).average().orElseThrow();
      double spread = Math.sqrt(Arrays.stream(values)
          .mapToDouble(v -> Math.pow(v[trait] - mean, 2))
          .average()
          .orElseThrow());
      Arrays.stream(values)
          .forEach(v -> v[trait] = (float) ((v[trait] - mean) / Math.max(spread, 1e-3)));
    }
    return new PersonTraits(values);
  }

  private static float[] of(Person person) {
    List<Number> all = new ArrayList<>();
    Stream.of(Bone.values()).forEach(bone -> all.add(person.bone(bone)));
    all.addAll(List.of(
        person.sex() == Sex.MAN ? 1 : 0,
        person.age(),
        person.melanin(),
        person.undertone(),
        person.freckles()));
    which(all, HairColour.values(), person.hairColour());
    which(all, BeardStyle.values(), person.beard());
    which(all, Glasses.values(), person.glasses());
    which(all, EyeColour.values(), person.eyes());
    float[] numbers = new float[all.size()];
    for (int k = 0; k < numbers.length; k++) {
      numbers[k] = all.get(k).floatValue();
    }
    return numbers;
  }

  private static <T> void which(List<Number> all, T[] kinds, T own) {
    Stream.of(kinds).forEach(kind -> all.add(kind == own ? 1 : 0));
  }

  int people() {
    return values.length;
  }

  int count() {
    return values[0].length;
  }

  /** Those of the people on images, of which each has so many, [n, count]. */
  Tensor of(int[] images, int each) {
    float[] all = new float[images.length * count()];
    for (int i = 0; i < images.length; i++) {
      System.arraycopy(values[images[i] / each], 0, all, i * count(), count());
    }
    return TrainingDevice.placed(torch.tensor(all)).view(images.length, count());
  }
}
