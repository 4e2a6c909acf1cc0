package dev.likeness.cli.command;

import dev.likeness.diffusion.catalogue.CatalogueModel;
import dev.likeness.diffusion.request.Run;
import dev.likeness.hub.DownloadPlan;
import dev.likeness.hub.HubAddress;
import dev.likeness.hub.ModelHub;
import dev.likeness.studio.ModelSource;
import java.nio.file.Path;
import java.util.Optional;

/** The models of the studio's page: in the cache of the hub, or downloaded when a user asks. */
final class HubModels implements ModelSource {
  @Override
  public Optional<Path> find(CatalogueModel model) {
    return ModelPlaces.cached(address(model));
  }

  @Override
  public Download plan(CatalogueModel model) {
    ModelHub hub = ModelHub.open(ModelPlaces.settings());
    DownloadPlan plan = hub.plan(address(model));
    return new Download(
        hub.settings().endpoint().getHost(),
        plan.bytes(),
        plan.missingBytes(),
        plan.repository().licence());
  }

  @Override
  public void get(CatalogueModel model, Run run) {
    ModelHub.open(ModelPlaces.settings()).get(address(model), run);
  }

  private static HubAddress address(CatalogueModel model) {
    return HubAddress.parse(model.address());
  }
}
