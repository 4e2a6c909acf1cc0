package dev.likeness.headshots;

import java.util.List;

/**
 * What a shoot brought.
 *
 * @param request what was asked
 * @param headshots style by style, in the order of the request
 */
public record Shoot(ShootRequest request, List<Headshot> headshots) {
  public Shoot {
    headshots = List.copyOf(headshots);
  }
}
