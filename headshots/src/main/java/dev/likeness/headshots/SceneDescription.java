package dev.likeness.headshots;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.request.ProgressEvent;
import dev.likeness.headshots.internal.training.SceneRegions;
import dev.likeness.headshots.internal.training.SceneWords;
import dev.likeness.photos.AcceptedPhoto;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/**
 * Finds words for what each photo shows beside the person, where the base brings no reader, so that
 * it is learnt as what these words mean and not as the person:
 * {@link dev.likeness.headshots.internal.training.SceneWords.SceneColours} on the pixels, and
 * light, backdrop and garment, where the base is small enough to ask, by which word it explains
 * that part of the photo best. A wrong word would be learnt as the person's too, so what is not
 * sure is not said.
 */
public final class SceneDescription {
  private static final int NOISES = 8;
  private static final int SHORT_LIST = 3;
  /** How sure a word has to be: a network that draws is no reader, and eight noises are few. */
  private static final double SURE = 0.8;

  private final CaptionFit fit;
  private final List<SceneRegions> regions;
  private final String who;

  private SceneDescription(CaptionFit fit, List<SceneRegions> regions, String who) {
    this.fit = fit;
    this.regions = regions;
    this.who = who;
  }

  /** What each of {@code crops} of {@code photos} shows beside {@code who}, in the same order. */
  public static List<SceneWords> of(
      BaseModel base,
      List<AcceptedPhoto> photos,
      List<RgbImage> crops,
      String who,
      Progress progress,
      Cancellation cancellation) {
    List<SceneRegions> regions = IntStream.range(0, crops.size())
        .mapToObj(i -> SceneRegions.of(photos.get(i), crops.get(i).width()))
        .toList();
    List<SceneWords> scenes = IntStream.range(0, crops.size())
        .mapToObj(i -> SceneWords.SceneColours.of(crops.get(i), regions.get(i)))
        .toList();
    if (!PersonDescription.isSmall(base)) {
      return scenes.stream().map(SceneWords.SceneColours::alone).toList();
    }
    int slots = SceneWords.slots().size();
    progress.on(new ProgressEvent.Phase("describe photos", slots));
    try (CaptionFit fit = new CaptionFit(base, crops, crops.size() * NOISES)) {
      SceneDescription description = new SceneDescription(fit, regions, who);
      int done = 0;
      for (SceneWords.Slot slot : SceneWords.slots()) {
        scenes = description.asked(slot, scenes, cancellation);
        progress.on(new ProgressEvent.Step("describe photos", ++done, slots, Double.NaN));
      }
      return scenes;
    }
  }

  /** Every word is asked of half of the noises, and the best few of the other half. */
  private List<SceneWords> asked(
      SceneWords.Slot slot, List<SceneWords> scenes, Cancellation cancellation) {
    int photos = scenes.size();
    double[][][] errors = new double[slot.words().size()][][];
    for (int w = 0; w < errors.length; w++) {
      cancellation.check();
      errors[w] = errors(0, slot, said(slot, scenes, Collections.nCopies(photos, w)));
    }
    List<List<Integer>> alike =
        IntStream.range(0, photos).mapToObj(i -> alike(slot, scenes, i)).toList();
    List<List<Integer>> lists =
        alike.stream().map(group -> shortList(group, errors)).toList();
    for (int place = 0; place < SHORT_LIST; place++) {
      int at = place;
      cancellation.check();
      List<Integer> words = lists.stream().map(list -> list.get(at)).toList();
      double[][] found = errors(NOISES / 2, slot, said(slot, scenes, words));
      for (int i = 0; i < photos; i++) {
        double[][] row = errors[words.get(i)];
        row[i] =
            DoubleStream.concat(Arrays.stream(row[i]), Arrays.stream(found[i])).toArray();
      }
    }
    return IntStream.range(0, photos)
        .mapToObj(i -> best(slot, scenes.get(i), lists.get(i), alike.get(i), errors))
        .toList();
  }

  private static List<SceneWords> said(
      SceneWords.Slot slot, List<SceneWords> scenes, List<Integer> words) {
    return IntStream.range(0, scenes.size())
        .mapToObj(i -> scenes.get(i).with(slot.name(), slot.words().get(words.get(i))))
        .toList();
  }

  /**
   * The photos that are judged with photo {@code i}: clothes of one colour are the same clothes.
   */
  private static List<Integer> alike(SceneWords.Slot slot, List<SceneWords> scenes, int i) {
    String colour = SceneWords.SceneColours.ofClothes(scenes.get(i));
    return !slot.name().equals(SceneWords.SceneColours.OUTFIT) || colour.isEmpty()
        ? List.of(i)
        : IntStream.range(0, scenes.size())
            .filter(j -> colour.equals(SceneWords.SceneColours.ofClothes(scenes.get(j))))
            .boxed()
            .toList();
  }

  /** For each photo, half of its noises' errors where the slot is, from noise {@code first} on. */
  private double[][] errors(int first, SceneWords.Slot slot, List<SceneWords> scenes) {
    int photos = scenes.size();
    List<String> captions = new ArrayList<>();
    for (int i = 0; i < photos * NOISES / 2; i++) {
      captions.add("selfie of " + who + scenes.get(i % photos).tail());
    }
    float[][] maps = fit.maps(
        IntStream.range(first * photos, first * photos + captions.size()).toArray(), captions);
    SceneRegions.Part part = slot.name().equals(SceneWords.SceneColours.OUTFIT)
        ? SceneRegions.Part.CLOTHES
        : slot.name().equals(SceneWords.SceneColours.BACKDROP)
            ? SceneRegions.Part.BACKDROP
            : SceneRegions.Part.ALL;
    double[][] errors = new double[photos][NOISES / 2];
    for (int i = 0; i < maps.length; i++) {
      errors[i % photos][i / photos] = regions.get(i % photos).mean(part, maps[i]);
    }
    return errors;
  }

  private static List<Integer> shortList(List<Integer> photos, double[][]... errors) {
    return IntStream.range(0, errors.length)
        .boxed()
        .sorted(Comparator.comparingDouble(
            word -> Arrays.stream(of(photos, errors[word])).sum()))
        .limit(SHORT_LIST)
        .toList();
  }

  private static SceneWords best(
      SceneWords.Slot slot,
      SceneWords scene,
      List<Integer> list,
      List<Integer> photos,
      double[][]... errors) {
    int best = list.stream()
        .min(Comparator.comparingDouble(
            word -> Arrays.stream(of(photos, errors[word])).sum()))
        .orElseThrow();
    double sure = list.stream()
        .filter(word -> word != best)
        .mapToDouble(word -> CaptionRace.better(of(photos, errors[best]), of(photos, errors[word])))
        .min()
        .orElse(1);
    // A colour needs a garment to be said of, and likely ones are cut alike.
    boolean needed = slot.name().equals(SceneWords.SceneColours.OUTFIT)
        && !SceneWords.SceneColours.ofClothes(scene).isEmpty();
    return sure >= SURE || needed ? scene.with(slot.name(), slot.words().get(best)) : scene;
  }

  /** The errors of these photos under one word. */
  private static double[] of(List<Integer> photos, double[]... errors) {
    return photos.stream()
        .flatMapToDouble(photo -> Arrays.stream(errors[photo]))
        .toArray();
  }
}
