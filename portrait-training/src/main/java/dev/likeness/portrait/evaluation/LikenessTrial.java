package dev.likeness.portrait.evaluation;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.ImageRequest;
import dev.likeness.diffusion.adapt.Adapter;
import dev.likeness.diffusion.image.Picture;
import dev.likeness.diffusion.progress.Cancellation;
import dev.likeness.diffusion.progress.Progress;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.DType;
import dev.likeness.headshots.Style;
import dev.likeness.lora.DreamBooth;
import dev.likeness.lora.LoraTraining;
import dev.likeness.lora.Subject;
import dev.likeness.lora.TrainedModel;
import dev.likeness.lora.TrainedPerson;
import dev.likeness.lora.TrainingSet;
import dev.likeness.portrait.people.Person;
import dev.likeness.portrait.people.Words;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * Learns one person in one way and draws them. Prompts name the class word, the style and what it asks for, and nothing of
 * how the person looks.
 *
 * @param folder of the base model
 * @param steps optimiser steps, or 0 for as many as the recipe has
 * @param each pictures in each style
 */
record LikenessTrial(BaseModel base, Path folder, int steps, int each) {
  private static final List<String> STYLES = List.of("studio", "office", "outdoor", "black-and-white", "corporate");
  private static final List<String> HAIR =
      List.of("short red hair", "long blond hair", "a black afro", "brown hair in a bun", "long curly gray hair");
  private static final long OTHERS = 8_700_000_000L;
  private static final int DRAW_STEPS = 20;
  private static final double GUIDANCE = 4;
  private static final long NOISE = 100;
  // A whole small model learns as a LoRA of it does, at a tenth of the rate.
  private static final double WHOLE_RATE = 3e-4;

  /**
   * What was drawn.
   *
   * @param seconds that learning took
   * @param prompts of {@code pictures}, which show the person
   * @param others pictures of other people, by their descriptions, with the person's LoRA carried
   */
  record Drawn(double seconds, List<String> prompts, List<Picture> pictures, List<Picture> others) { }

  /** The prompts of the person's pictures, the same in every case: in each style, then with other hair. */
  List<String> prompts(Person person) {
    String who = "a " + Words.of(person.sex());
    List<String> prompts = new ArrayList<>();
    for (String style : STYLES) {
      for (int i = 0; i < each; i++) {
        prompts.add(Style.named(style).prompt(who, i));
      }
    }
    for (int i = 0; i < STYLES.size(); i++) {
      prompts.add(Style.named(STYLES.get(i)).prompt(who + " with " + HAIR.get(i), i));
    }
    return prompts;
  }

  /** How many of the prompts leave the person's hair as it is. */
  int plain() {
    return STYLES.size() * each;
  }

  /** Learns and draws; {@code work} is free for files of the trial's own. */
  Drawn of(Person person, LikenessCase asked, List<Picture> crops, Path work) {
    Subject subject = new Subject("", "a " + Words.of(person.sex()), "");
    TrainingSet set = TrainingSet.of(crops, subject);
    long start = System.nanoTime();
    return switch (asked.way()) {
      case NOT_AT_ALL -> drawn(person, start, base, ask -> ask);
      case LORA -> {
        try (TrainedPerson learnt =
            settings(asked, LoraTraining.balanced().suitedTo(base)).train(base, set, Progress.SILENT, new Cancellation())) {
          Adapter carried = learnt.at(1);
          yield drawn(person, start, base, ask -> ask.as(carried));
        }
      }
      case DREAMBOOTH -> {
        Path out = work.resolve(asked.file() + "-model");
        try (TrainedModel learnt = new DreamBooth(
            settings(asked, LoraTraining.balanced().suitedTo(base)).learningRate(WHOLE_RATE))
            .train(base, set, Progress.SILENT, new Cancellation())) {
          learnt.save(folder, out, DType.BF16);
        }
        try (BaseModel own = BaseModel.open(out, Compute.best())) {
          yield drawn(person, start, own, ask -> ask);
        }
      }
    };
  }

  private LoraTraining settings(LikenessCase asked, LoraTraining recipe) {
    LoraTraining timed = steps == 0 ? recipe : recipe.steps(steps);
    return timed.captions("selfie of %s").prior(asked.classPictures(), 1);
  }

  private Drawn drawn(Person person, long start, BaseModel model, Function<ImageRequest, ImageRequest> carrying) {
    double seconds = (System.nanoTime() - start) / 1e9;
    List<String> prompts = prompts(person);
    return new Drawn(seconds, prompts, draw(model, prompts, carrying), draw(model, others(person), carrying));
  }

  private static List<Picture> draw(BaseModel model, List<String> prompts, Function<ImageRequest, ImageRequest> carrying) {
    List<Picture> pictures = new ArrayList<>();
    for (String prompt : prompts) {
      ImageRequest ask =
          ImageRequest.of(prompt).steps(DRAW_STEPS).guidance(GUIDANCE).seed(NOISE + pictures.size());
      pictures.add(model.generate(carrying.apply(ask)).picture());
    }
    return pictures;
  }

  /** Descriptions of people of the same sex, as captions have them. */
  private static List<String> others(Person person) {
    List<String> prompts = new ArrayList<>();
    for (long number = OTHERS; prompts.size() < STYLES.size(); number++) {
      Person other = Person.random(number);
      if (other.sex() == person.sex()) {
        prompts.add(Style.named(STYLES.get(prompts.size())).prompt(Words.of(other), prompts.size()));
      }
    }
    return prompts;
  }
}
