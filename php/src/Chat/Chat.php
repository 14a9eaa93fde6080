<?php

declare(strict_types=1);

namespace Skein\Chat;

use Skein\Client;

/** What the site does in the chat. Rooms are named by their slug ("lobby") or by id. */
final class Chat
{
    public function __construct(private readonly Client $client)
    {
    }

    /**
     * Says something in a room.
     *
     * @param  string|Card  $what  Text of at most 4,000 characters, or a card
     * @param  Person|string|int|null  $as  Who speaks, a member of the room; null: the site itself
     * @param  string|null  $siteName  The name the site has from then on; null: the one it has
     * @param  string|null  $clientId  8 to 64 characters, unique for ever per speaker: said once, however often it is
     *                                 sent. Null: made here, good for the repetitions of this one call
     */
    public function post(
        string $room,
        string|Card $what,
        Person|string|int|null $as = null,
        ?string $siteName = null,
        ?string $clientId = null,
    ): Message {
        return $this->say(['room' => $room], $what, $as, $siteName, $clientId);
    }

    /** Says something to one person in private. Parameters as of `post`. */
    public function tell(
        Person|string|int $person,
        string|Card $what,
        Person|string|int|null $as = null,
        ?string $siteName = null,
        ?string $clientId = null,
    ): Message {
        return $this->say(['to' => Person::from($person)->toArray()], $what, $as, $siteName, $clientId);
    }

    /**
     * Makes a room that everybody can find and join. Where there is one with this slug, that one is the answer.
     *
     * @param  string|null  $slug  Its name in addresses; null: made of the name
     */
    public function createRoom(
        string $name,
        ?string $slug = null,
        ?string $topic = null,
        Person|string|int|null $owner = null,
    ): Room {
        $result = $this->rpc('chat.rooms.create', [
            'name' => $name,
            ...array_filter(['slug' => $slug, 'topic' => $topic], 'is_string'),
            ...($owner === null ? [] : ['owner' => Person::from($owner)->toArray()]),
        ]);

        return Room::in($result['conversation']);
    }

    /** @return bool false: was a member already */
    public function addMember(string $room, Person|string|int $person): bool
    {
        return $this->rpc('chat.members.add', ['room' => $room, 'user' => Person::from($person)->toArray()])['joined'];
    }

    /** From its return on, none of this person's connections hears anything of the room. @return bool false: was none */
    public function removeMember(string $room, string|int $user): bool
    {
        return $this->rpc('chat.members.remove', ['room' => $room, 'user' => ['id' => (string) $user]])['left'];
    }

    /** Makes a person known before the first visit, or renames. */
    public function savePerson(Person $person): void
    {
        $this->rpc('chat.users.save', $person->toArray());
    }

    private function say(
        array $where,
        string|Card $what,
        Person|string|int|null $as,
        ?string $siteName,
        ?string $clientId,
    ): Message {
        $speaker = $as === null ? array_filter(['name' => $siteName], 'is_string') : Person::from($as)->toArray();

        return Message::in($this->rpc('chat.post', $where + [
            ...($what instanceof Card ? ['card' => $what->toArray()] : ['text' => $what]),
            ...($speaker === [] ? [] : ['as' => $speaker]),
            'client_id' => $clientId ?? bin2hex(random_bytes(16)),
        ])['message']);
    }

    private function rpc(string $method, array $params): array
    {
        return $this->client->call('rpc', ['method' => $method, 'params' => $params])['data'];
    }
}
