package dev.likeness.portrait.training;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.portrait.people.Caption;
import dev.likeness.portrait.people.Person;
import dev.likeness.portrait.people.Renderer;
import dev.likeness.portrait.people.Shot;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;

/**
 * A prompt as {@link Caption} words it.
 *
 * @param person somebody who is in no training image, of whom it is true
 * @param shot a headshot of them, of which it is true
 * @param text the prompt
 */
public record RandomPrompt(Person person, Shot shot, String text) {
  private static final long UNSEEN = 7_000_000_000L;
  private static final int SIDE = 256;
  // Numbers next to each other give generators that begin alike: how much is said would go by the
  // style.
  private static final long CAPTIONS = 1_000_003;

  /** {@code count} prompts, each for somebody new. */
  public static List<RandomPrompt> draw(long seed, int count) {
    long first = UNSEEN + seed * 1_000_000;
    return LongStream.range(first, first + count).mapToObj(RandomPrompt::of).toList();
  }

  private static RandomPrompt of(long number) {
    Person person = Person.random(number);
    Shot shot = Shot.headshot(new Random(number * 0x9E3779B97F4A7C15L));
    return new RandomPrompt(person, shot, Caption.of(person, shot, number + CAPTIONS));
  }

  /** What the prompt asks for, rendered. */
  public RgbImage render() {
    return Renderer.render(person, shot, SIDE).image();
  }
}
