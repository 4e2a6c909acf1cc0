package dev.likeness.headshots.shoot;

import dev.likeness.photos.face.FaceDetector;
import java.util.List;

/**
 * The headshots of a shoot. Immutable.
 *
 * @param request the request
 * @param headshots the headshots, style by style, in the order of the request
 */
public record Shoot(ShootRequest request, List<Headshot> headshots) {
  /**
   * Copies the list.
   *
   * @param request the request
   * @param headshots the headshots, style by style
   */
  public Shoot {
    headshots = List.copyOf(headshots);
  }

  /**
   * The same shoot with each headshot cropped to the format of its style. If a crop needs a face
   * and no face was found, the headshot is not cropped.
   *
   * @param detector finds faces; the caller closes it
   * @return the new shoot
   */
  public Shoot crop(FaceDetector detector) {
    return new Shoot(
        request,
        headshots.stream()
            .map(each -> each.crop(each.style().crop(), detector).orElse(each))
            .toList());
  }
}
