package dev.likeness.headshots.shoot;

import dev.likeness.photos.face.FaceDetector;
import java.util.List;

/**
 * The headshots of a shoot.
 *
 * @param request what was asked
 * @param headshots style by style, in the order of the request
 */
public record Shoot(ShootRequest request, List<Headshot> headshots) {
  public Shoot {
    headshots = List.copyOf(headshots);
  }

  /**
   * The same with each headshot cropped as its style says; whole where {@code detector} sees no
   * face to crop by.
   */
  public Shoot crop(FaceDetector detector) {
    return new Shoot(
        request,
        headshots.stream()
            .map(each -> each.crop(each.style().crop(), detector).orElse(each))
            .toList());
  }
}
