<?php

declare(strict_types=1);

namespace Skein\Laravel;

use Illuminate\Contracts\Auth\Authenticatable;
use Skein\Chat\Person;

/** The site's users as Skein names them. */
final class Identity
{
    /**
     * @param  list<string>  $nameAttributes  Of the user model; the first that is not empty counts
     * @param  list<string>  $avatarAttributes
     */
    public function __construct(
        private readonly array $nameAttributes,
        private readonly array $avatarAttributes,
    ) {
    }

    /** As Laravel's own broadcasting names a user. */
    public static function idOf(object $user): string
    {
        return (string) (method_exists($user, 'getAuthIdentifierForBroadcasting')
            ? $user->getAuthIdentifierForBroadcasting()
            : $user->getAuthIdentifier());
    }

    /**
     * What others see of a user.
     *
     * @return array{name?: string, avatar?: string}
     */
    public function shownOf(Authenticatable $user): array
    {
        return array_filter([
            'name' => $this->first($user, $this->nameAttributes),
            'avatar' => $this->first($user, $this->avatarAttributes),
        ]);
    }

    /** For calls of the chat: whoever is named so need not have been there before. */
    public function person(Authenticatable $user): Person
    {
        $shown = $this->shownOf($user);

        return new Person(self::idOf($user), $shown['name'] ?? null, $shown['avatar'] ?? null);
    }

    private function first(Authenticatable $user, array $attributes): ?string
    {
        foreach ($attributes as $attribute) {
            $value = $user->{$attribute} ?? null;

            if (is_scalar($value) && (string) $value !== '') {
                return (string) $value;
            }
        }

        return null;
    }
}
