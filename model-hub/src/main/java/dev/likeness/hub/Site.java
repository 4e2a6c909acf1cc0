package dev.likeness.hub;

import dev.likeness.diffusion.error.InvalidInputException;
import java.io.IOException;
import java.net.URI;
import java.util.Optional;

/**
 * A site that files come from.
 *
 * @param endpoint its address, without a slash at its end
 * @param hosts which addresses it may lead to, and which of them get the token
 * @param token its token
 * @param refusals what its answers mean that are no success
 * @param kind what its JSON must be, for messages, as {@code a hub}
 */
record Site(URI endpoint, HubHosts hosts, Optional<String> token, Refusals refusals, String kind) {
  /** Tells what an answer means that is neither a success nor a redirect. */
  @FunctionalInterface
  interface Refusals {
    /**
     * Returns the failure of an answer if another attempt can help.
     *
     * @param own true if the site itself answered, and not a server that it leads to
     * @throws InvalidInputException if the site refuses
     */
    IOException of(HubClient.Answer answer, HubFailures.Subject subject, boolean own);
  }

  /** Returns the hub of settings. */
  static Site hub(HubSettings settings) {
    return new Site(
        settings.endpoint(),
        HubHosts.ofHub(settings.endpoint()),
        settings.secret(),
        (answer, subject, own) -> HubFailures.status(answer, subject, settings, own),
        "a hub");
  }

  /** Returns the exception of an answer that is no JSON of this kind of site. */
  InvalidInputException notSuch(String host, HubFailures.Subject subject) {
    return HubFailures.notSuch(host, kind, hosts.check(), subject);
  }
}
