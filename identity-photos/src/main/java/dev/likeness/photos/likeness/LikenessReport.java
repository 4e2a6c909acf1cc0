package dev.likeness.photos.likeness;

import java.util.List;

/**
 * How much a set of pictures looks like the person, and what that means.
 *
 * @param images one score a picture, in order
 * @param mean of the cosines of the pictures with a face; NaN when there is none
 * @param interval that the mean lies in with 95 % confidence
 * @param ownMean mean cosine of two of the person's own photos; NaN with fewer than two
 * @param independent whether no photo that was compared with took part in training
 * @param meaning a sentence for people
 */
public record LikenessReport(List<LikenessScore> images, double mean, Interval interval, double ownMean,
    boolean independent, String meaning) {
  public LikenessReport {
    images = List.copyOf(images);
  }
}
