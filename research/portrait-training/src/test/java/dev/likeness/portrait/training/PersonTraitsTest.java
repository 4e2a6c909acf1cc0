package dev.likeness.portrait.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.portrait.people.Person;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class PersonTraitsTest {
  @Test
  void haveMeanNothingAndSpreadOneAndBelongToThePerson() {
    List<Person> people = LongStream.range(0, 200).mapToObj(Person::random).toList();
    PersonTraits traits = PersonTraits.of(people);
    try (TensorScope scope = TensorScope.open()) {
      int[] photos = new int[400];
      Arrays.setAll(photos, i -> i);
      float[] values = ImageTensors.floats(traits.of(photos, 2));
      int count = traits.count();
      for (int k = 0; k < count; k++) {
        double sum = 0;
        double squares = 0;
        for (int i = 0; i < photos.length; i++) {
          sum += values[i * count + k];
          squares += values[i * count + k] * values[i * count + k];
        }
        assertEquals(0, sum / photos.length, 1e-4);
        assertEquals(1, squares / photos.length, 1e-3);
      }
      assertArrayEquals(
          Arrays.copyOfRange(values, 2 * count, 3 * count),
          Arrays.copyOfRange(values, 3 * count, 4 * count));
      assertFalse(Arrays.equals(
          Arrays.copyOfRange(values, 0, count), Arrays.copyOfRange(values, 2 * count, 3 * count)));
    }
  }

  @Test
  void noTwoSeedsOfFacesShareAPerson() {
    FaceStore one = new FaceStore(Path.of("none"), 1);
    FaceStore two = new FaceStore(Path.of("none"), 2);
    List<Long> first = LongStream.range(0, 5000)
        .mapToObj(i -> one.person(i * FaceStore.SHOTS).seed())
        .toList();
    List<Long> second = LongStream.range(0, 5000)
        .mapToObj(i -> two.person(i * FaceStore.SHOTS).seed())
        .toList();
    assertTrue(Collections.disjoint(first, second));
  }
}
